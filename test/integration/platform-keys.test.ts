import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refreshCertificates } from '../../lib/wechat-pay/platform-keys.ts';
import { readCertificates } from '../../lib/store/certificates.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { notification } from '../support/pay-notification.ts';
import { createWebhookWorld } from '../support/webhooks.ts';
import { ids } from '../support/world.ts';

const CERTIFICATES = '/v3/certificates';

let world: Awaited<ReturnType<typeof createWebhookWorld>>;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWebhookWorld('pay-notify');
  buyers = await createBuyers(world);
});
afterAll(() => world.close());

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
    const { keysDeps, v3 } = world.payWith({ withoutPublicKey: true });
    const stored = await readCertificates(world.table, keysDeps.mchId);
    expect(stored!.list).toHaveLength(1);
    expect(await v3.platformKeys(stored!.list[0]!.serial)).toBeDefined();
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
    const { order } = await buy(world.payWith({ send, withoutPublicKey: true }), { token });
    expect(order.state).toBe('NOTPAY');
    expect(named[0]).toBeUndefined();
  });
});

describe('the refresh of the certificates', () => {
  it('happens ahead of their use, every twelve hours', async () => {
    const { keysDeps } = world.payWith({ now: Date.now });
    const ask = () => refreshCertificates(keysDeps);
    world.clock.offsetMs = 13 * 3_600_000;
    const asked = await world.calls(CERTIFICATES);
    await ask();
    await ask();
    expect((await world.calls(CERTIFICATES)) - asked).toBe(1);
    world.clock.offsetMs = 26 * 3_600_000;
    await ask();
    world.clock.offsetMs = 0;
    expect((await world.calls(CERTIFICATES)) - asked).toBe(2);
  });

  it('keeps what there is when WeChat cannot be asked, or lies', async () => {
    const before = (await readCertificates(world.table, ids.pay.mchId))!.list;
    const { keysDeps } = world.payWith({
      now: Date.now,
      send: async () => ({ status: 200, headers: {}, body: Buffer.from('{"data":[]}') }),
    });
    world.clock.offsetMs = 50 * 3_600_000;
    await expect(refreshCertificates(keysDeps)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    world.clock.offsetMs = 0;
    expect((await readCertificates(world.table, ids.pay.mchId))!.list).toEqual(before);
  });

  it('a certificate past its end counts no more', async () => {
    const { v3, keysDeps } = world.payWith({ withoutPublicKey: true });
    const { serial } = (await readCertificates(world.table, keysDeps.mchId))!.list[0]!;
    expect(await v3.platformKeys(serial)).toBeDefined();
    const inElevenYears = world.payWith({ withoutPublicKey: true });
    world.clock.offsetMs = 11 * 366 * 24 * 3_600_000;
    expect(await inElevenYears.v3.platformKeys(serial).catch(() => undefined)).toBeUndefined();
    world.clock.offsetMs = 0;
  });
});
