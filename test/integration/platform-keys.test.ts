import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { certificateStore, type Certificates } from '../../lib/store/certificates.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { notification } from '../support/pay-notification.ts';
import { createWebhookWorld } from '../support/webhooks.ts';
import { loadPayNotify } from '../../lib/wiring/pay.ts';
import { ids } from '../support/world.ts';

const CERTIFICATES = '/v3/certificates';

let world: Awaited<ReturnType<typeof createWebhookWorld>>;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWebhookWorld('pay-notify');
  buyers = await createBuyers(world);
});
afterAll(() => world.close());

const WITHOUT_PUBLIC_KEY = { PAY_PUBLIC_KEY_ID: '', PAY_PUBLIC_KEY: '' };
const HOUR_MS = 3_600_000;

afterEach(() => {
  vi.unstubAllEnvs();
  world.clock.offsetMs = 0;
});

const stored = () => certificateStore(world.table, ids.pay.mchId);
const listOf = async () => (await stored().read())!.list;
/** How a cold instance without the public key finds keys. */
const coldKeys = async () => {
  for (const [name, value] of Object.entries(WITHOUT_PUBLIC_KEY)) vi.stubEnv(name, value);
  return (await loadPayNotify(world.outside)).within(60_000).platformKeys;
};
const rotate = () => world.faults('notify', 'rotate-key');

describe('while a merchant changes over from one kind of key to the other', () => {
  it('takes notifications of both: an unknown serial makes us ask WeChat once', async () => {
    const before = await buyers.paidOrder();
    expect(await readOrder(world.table, before.outTradeNo)).toMatchObject({ state: 'PAID' });
    await rotate();
    const { outTradeNo } = await buyers.paidOrder({ paid: false });
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'PAID' });
    expect(await world.calls(CERTIFICATES)).toBe(1);
    const more = await buyers.paidOrder({ paid: false });
    expect(await readOrder(world.table, more.outTradeNo)).toMatchObject({ state: 'PAID' });
    expect(await world.calls(CERTIFICATES)).toBe(1);
    const event = notification({
      out_trade_no: (await buyers.newOrder()).order.outTradeNo,
      transaction_id: '42by-key',
    });
    expect((await world.send(event)).statusCode).toBe(204);
  });

  it('a new instance finds the certificates in the table', async () => {
    const asked = await world.calls(CERTIFICATES);
    const [certificate, ...others] = await listOf();
    expect(others).toEqual([]);
    const platformKeys = await coldKeys();
    expect(await platformKeys(certificate!.serial)).toBeDefined();
    expect(await world.calls(CERTIFICATES)).toBe(asked);
  });

  it('forgers make us ask at most once per cooldown, however many serials they think of', async () => {
    const asked = await world.calls(CERTIFICATES);
    const { order } = await buyers.newOrder();
    const forged = Array.from({ length: 30 }, (_, index) => {
      const event = notification({ out_trade_no: order.outTradeNo });
      event.headers['wechatpay-serial'] = `PUB_KEY_ID_${index}`;
      return event;
    });
    const answers = await Promise.all(forged.map((event) => world.send(event)));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([403]));
    expect((await world.calls(CERTIFICATES)) - asked).toBeLessThanOrEqual(1);
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({ state: 'NOTPAY' });
  });
});

describe('a merchant without the public key', () => {
  it('checks answers with the certificates, and names no key in its requests', async () => {
    const named: unknown[] = [];
    const { token } = await buyers.loggedIn();
    const send: typeof world.base.send = (request) => {
      named.push(request.headers!['wechatpay-serial']);
      return world.base.send(request);
    };
    const { order } = await buy(await world.payWith({ send, settings: WITHOUT_PUBLIC_KEY }), { token });
    expect(order.state).toBe('NOTPAY');
    expect(named[0]).toBeUndefined();
  });
});

describe('the refresh of the certificates', () => {
  const makeOld = async (list: Certificates['list']) => stored().put({ list, nowMs: Date.now() - 13 * HOUR_MS });

  it('happens ahead of their use, when they are twelve hours old', async () => {
    const asked = await world.calls(CERTIFICATES);
    await makeOld(await listOf());
    await world.pay.refreshKeys();
    await world.pay.refreshKeys();
    expect((await world.calls(CERTIFICATES)) - asked).toBe(1);
    await makeOld(await listOf());
    await world.pay.refreshKeys();
    expect((await world.calls(CERTIFICATES)) - asked).toBe(2);
  });

  it('keeps the stored list when the answer of WeChat is not signed', async () => {
    const before = await listOf();
    await makeOld(before);
    const { refreshKeys } = await world.payWith({
      send: async () => ({ status: 200, headers: {}, body: Buffer.from('{"data":[]}') }),
    });
    await expect(refreshKeys()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(await listOf()).toEqual(before);
  });

  it('a certificate past its end counts no more', async () => {
    const [{ serial }] = (await listOf()) as [Certificates['list'][number]];
    expect(await (await coldKeys())(serial)).toBeDefined();
    const platformKeys = await coldKeys();
    world.clock.offsetMs = 11 * 366 * 24 * HOUR_MS;
    expect(await platformKeys(serial).catch(() => undefined)).toBeUndefined();
  });
});
