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
/** Loads the platform keys of a cold instance without the public key. */
const coldKeys = async () => {
  for (const [name, value] of Object.entries(WITHOUT_PUBLIC_KEY)) vi.stubEnv(name, value);
  return (await loadPayNotify(world.outside)).within(60_000).platformKeys;
};
const rotate = () => world.faults('notify', 'rotate-key');

describe('platform keys while WeChat signs with certificates and with the public key', () => {
  it('verify notifications of both, and are fetched once for an unknown serial', async () => {
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

  it('are read from the table in a new instance', async () => {
    const callsBefore = await world.calls(CERTIFICATES);
    const [certificate, ...others] = await listOf();
    expect(others).toEqual([]);
    const platformKeys = await coldKeys();
    expect(await platformKeys(certificate!.serial)).toBeDefined();
    expect(await world.calls(CERTIFICATES)).toBe(callsBefore);
  });

  it('are fetched at most once per cooldown for thirty forged serials', async () => {
    const callsBefore = await world.calls(CERTIFICATES);
    const { order } = await buyers.newOrder();
    const forged = Array.from({ length: 30 }, (_, index) => {
      const event = notification({ out_trade_no: order.outTradeNo });
      event.headers['wechatpay-serial'] = `PUB_KEY_ID_${index}`;
      return event;
    });
    const answers = await Promise.all(forged.map((event) => world.send(event)));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([403]));
    expect((await world.calls(CERTIFICATES)) - callsBefore).toBeLessThanOrEqual(1);
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({ state: 'NOTPAY' });
  });

  it('verify the notifications of a certificate whose serial begins with a zero byte', async () => {
    const known = await listOf();
    await world.faults('certificates', 'leading-zero-serial');
    await rotate();
    // The interval between two fetches for an unknown serial is over.
    await stored().put({ list: known, nowMs: Date.now() - 11_000 });
    const { outTradeNo } = await buyers.paidOrder({ paid: false });
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'PAID' });
    const serials = (await listOf()).map(({ serial }) => serial);
    expect(serials).toHaveLength(known.length + 1);
    expect(serials.at(-1)).toMatch(/^00[0-9A-F]{38}$/);
  });
});

describe('platform keys without the public key', () => {
  it('verify responses with certificates, and requests name no key', async () => {
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

describe('refreshKeys', () => {
  const storeOld = async (list: Certificates['list']) => stored().put({ list, nowMs: Date.now() - 13 * HOUR_MS });

  it('fetches certificates once when the stored list is older than twelve hours', async () => {
    const callsBefore = await world.calls(CERTIFICATES);
    await storeOld(await listOf());
    await world.pay.refreshKeys();
    await world.pay.refreshKeys();
    expect((await world.calls(CERTIFICATES)) - callsBefore).toBe(1);
    await storeOld(await listOf());
    await world.pay.refreshKeys();
    expect((await world.calls(CERTIFICATES)) - callsBefore).toBe(2);
  });

  it('keeps the stored list when the response of WeChat is unsigned', async () => {
    const before = await listOf();
    await storeOld(before);
    const { refreshKeys } = await world.payWith({
      send: async () => ({ status: 200, headers: {}, body: Buffer.from('{"data":[]}') }),
    });
    await expect(refreshKeys()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(await listOf()).toEqual(before);
  });

  it('leaves out a certificate that has expired', async () => {
    const [{ serial }] = (await listOf()) as [Certificates['list'][number]];
    expect(await (await coldKeys())(serial)).toBeDefined();
    const platformKeys = await coldKeys();
    world.clock.offsetMs = 11 * 366 * 24 * HOUR_MS;
    expect(await platformKeys(serial).catch(() => undefined)).toBeUndefined();
  });
});
