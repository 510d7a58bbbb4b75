// The start of shipments after order.paid: which orders get one, and how virtual orders are shipped at once.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runtime } from '../../lib/core/runtime.ts';
import { erasePayer } from '../../lib/store/orders.ts';
import { loadShipmentStart } from '../../lib/wiring/shipping.ts';
import { crashesAfter } from '../support/crashes.ts';
import { dueNumbers } from '../support/follow-ups.ts';
import { createShippingWorld, IS_MANAGED, type ShippingWorld } from '../support/shipping-world.ts';
import { DAY_MS, GET_ORDER, HOUR_MS, MINUTE_MS, UPLOAD } from '../support/trade-controls.ts';
import { ids } from '../support/world.ts';

let world: ShippingWorld;
beforeAll(async () => {
  world = await createShippingWorld();
});
afterAll(() => world.close());
afterEach(() => world.reset());

const isDue = async (outTradeNo: string, inMs: number) =>
  (await dueNumbers(world.table, 'shipment', world.outside.now() + inMs)).includes(outTradeNo);

describe('startShipment', () => {
  it('creates the shipment of goods, which waits for an operator and is looked at after a day', async () => {
    const order = await world.coffee();
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({
      state: 'to-ship',
      delivery: 'express',
      parcels: [],
    });
    expect(world.uploads(order)).toEqual([]);
    expect(await isDue(order.outTradeNo, DAY_MS - MINUTE_MS)).toBe(false);
    expect(await isDue(order.outTradeNo, DAY_MS + MINUTE_MS)).toBe(true);
  });

  it('ships a virtual order at once', async () => {
    const order = await world.topUp();
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'shipped', delivery: 'virtual' });
    expect(await world.shipment(order.outTradeNo)).not.toHaveProperty('pending');
    expect(await world.wechatShipping(order.outTradeNo)).toMatchObject({ orderState: 2, delivery: 'virtual' });
    expect(world.uploads(order)).toEqual([
      expect.objectContaining({ logistics_type: 3, delivery_mode: 1, shipping_list: [{ item_desc: 'Top-up' }] }),
    ]);
  });

  it('repeats the upload while WeChat does not have the payment yet', async () => {
    await world.setTrade({ knownAfterMs: 10_000 });
    const order = await world.topUp();
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'shipped' });
    expect(world.uploads(order).length).toBeGreaterThan(1);
    expect(new Set(world.uploads(order).map((body) => JSON.stringify(body))).size).toBe(1);
  });

  it('leaves a payment that stays unknown to the next sweep, within 90 seconds of the payment', async () => {
    await world.setTrade({ knownAfterMs: HOUR_MS / 2 });
    const order = await world.topUp();
    const beganAtMs = world.outside.now();
    await world.start(order.outTradeNo);
    // The sweep runs each minute, so the upload is due within the first half minute.
    const spentMs = world.outside.now() - beganAtMs;
    expect(spentMs).toBeGreaterThan(15_000);
    expect(await isDue(order.outTradeNo, 30_000 - spentMs)).toBe(true);
    await expect(world.resend(order.outTradeNo)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    await world.setTrade({ knownAfterMs: 0 });
    expect(await world.resend(order.outTradeNo)).toMatchObject({ state: 'shipped' });
    expect(await world.wechatShipping(order.outTradeNo)).toMatchObject({ orderState: 2, isCorrected: false });
  });

  it('sends one upload for repeated and concurrent events', async () => {
    const order = await world.topUp();
    await Promise.all([1, 2, 3].map(() => world.start(order.outTradeNo)));
    await world.start(order.outTradeNo);
    expect(world.uploads(order)).toHaveLength(1);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'shipped' });
  });

  it.each([0, 1, 2])('ships once after a crash behind write %i', async (writes) => {
    const order = await world.topUp();
    expect(await crashesAfter(world.table, writes, () => world.start(order.outTradeNo))).toBe(true);
    // The claim of the crashed instance ends.
    await world.wait(MINUTE_MS);
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'shipped' });
    expect(await world.wechatShipping(order.outTradeNo)).toMatchObject({ orderState: 2, isCorrected: false });
  });

  it('keeps an upload whose answer was lost, and sends the same upload again', async () => {
    const order = await world.topUp();
    world.loseAnswer(UPLOAD);
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'to-ship', pending: { isFinal: true } });
    expect(await world.resend(order.outTradeNo)).toMatchObject({ state: 'shipped' });
    const [first, second] = world.uploads(order);
    expect(second).toEqual(first);
    expect(await world.wechatShipping(order.outTradeNo)).toMatchObject({ isCorrected: false });
  });

  it.each([-1, 10060012, 10060019])('keeps an upload that WeChat answered with "busy" (%i)', async (errcode) => {
    const order = await world.topUp();
    await world.errcode(UPLOAD, errcode, 2);
    await world.start(order.outTradeNo);
    await world.calm();
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'to-ship', pending: { isFinal: true } });
    expect(await isDue(order.outTradeNo, 10_000)).toBe(true);
    expect(await world.resend(order.outTradeNo)).toMatchObject({ state: 'shipped' });
  });

  it('adopts the shipping of an order that was shipped in the console', async () => {
    const order = await world.topUp();
    await world.wait(3_000);
    const parcel = { delivery: 'express', carrier: 'STO', trackingNo: '77300' };
    await world.control('POST', '/_merchant/shipping', { outTradeNo: order.outTradeNo, ...parcel });
    await world.faults('upload-shipping', 'already-shipped');
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({
      state: 'shipped',
      delivery: 'express',
      parcels: [{ carrier: 'STO', trackingNo: '77300' }],
    });
  });

  it('takes the openid of an erased payer from WeChat', async () => {
    const order = await world.topUp();
    await erasePayer(world.table, order.outTradeNo);
    await world.wait(3_000);
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'shipped' });
    expect(world.uploads(order)).toMatchObject([{ payer: { openid: order.person.openIds.miniapp } }]);
    expect(world.bodies(GET_ORDER, order.transactionId)).toHaveLength(1);
  });

  it('drops an upload that WeChat declines, and reports the order as unshipped after a day', async () => {
    const order = await world.topUp();
    await world.errcode(UPLOAD, 10060005);
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'to-ship' });
    expect(await world.shipment(order.outTradeNo)).not.toHaveProperty('pending');
    expect(world.lines.join('\n')).toContain('shipment.upload-failed');
  });

  it('drops the upload of a payment that WeChat does not have after an hour', async () => {
    await world.setTrade({ knownAfterMs: 2 * DAY_MS });
    const order = await world.topUp();
    await world.start(order.outTradeNo);
    await world.wait(HOUR_MS);
    await expect(world.resend(order.outTradeNo)).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    expect(await world.shipment(order.outTradeNo)).not.toHaveProperty('pending');
  });
});

describe('startShipment creates no shipment', () => {
  it('of an order that was not paid in the mini-program', async () => {
    const order = await world.paidOrder();
    const official = await world.load({ settings: { MINIAPP_APP_ID: ids.official.appId } });
    await world.start(order.outTradeNo, official);
    expect(await world.shipment(order.outTradeNo)).toBeUndefined();
  });

  it('of an order that is refunded in full', async () => {
    const order = await world.coffee();
    await world.refund(order.outTradeNo, 1_800);
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toBeUndefined();
  });

  it('while ORDER_SHIPPING is off, and loads no secret then', async () => {
    Object.assign(process.env, world.settings, { ORDER_SHIPPING: 'off', MINIAPP_APP_SECRET: '' });
    await expect(loadShipmentStart(world.outside)).resolves.toBeUndefined();
    Object.assign(process.env, world.settings, { ORDER_SHIPPING: 'auto' });
  });

  it('of an unpaid or unknown order, whose event comes from another source', async () => {
    const { outTradeNo } = await world.paidOrder({ paid: false });
    await expect(world.start(outTradeNo).catch(({ message }: Error) => message)).resolves.toContain('not paid');
  });
});

describe('startShipment in a virtual order with a refund', () => {
  it('ships after a partial refund', async () => {
    const order = await world.topUp();
    await world.refund(order.outTradeNo, 200);
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'shipped' });
  });

  it('waits while a refund of the whole order is under way, and ends with it', async () => {
    const order = await world.topUp();
    await world.refund(order.outTradeNo, 500, { ends: false });
    await world.start(order.outTradeNo);
    expect(world.uploads(order)).toEqual([]);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'to-ship', pending: {} });
    await world.refund(order.outTradeNo, 500);
    expect(await world.resend(order.outTradeNo)).toMatchObject({ state: 'to-ship', refundedAt: expect.any(String) });
    expect(world.uploads(order)).toEqual([]);
    expect(await isDue(order.outTradeNo, 100 * DAY_MS)).toBe(false);
  });
});

describe('the question about trade management', () => {
  it('is asked once a day while the answer is yes, by all instances together', async () => {
    await world.wait(2 * DAY_MS);
    const before = world.bodies(IS_MANAGED).length;
    for (let instance = 0; instance < 3; instance += 1) {
      await world.start((await world.coffee()).outTradeNo, await world.load());
    }
    expect(world.bodies(IS_MANAGED).length - before).toBe(1);
    await world.wait(DAY_MS + MINUTE_MS);
    await world.start((await world.coffee()).outTradeNo);
    expect(world.bodies(IS_MANAGED).length - before).toBe(2);
  });

  it('is asked again after an hour while the answer is no', async () => {
    await world.wait(2 * DAY_MS);
    await world.setTrade({ managed: false });
    const order = await world.coffee();
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toBeUndefined();
    await world.setTrade({ managed: true });
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toBeUndefined();
    await world.wait(HOUR_MS + MINUTE_MS);
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'to-ship' });
  });

  it('is answered with no for a mini-program that has not opened the order shipping management', async () => {
    await world.wait(40 * DAY_MS);
    await world.errcode(IS_MANAGED, 48001);
    const order = await world.coffee();
    await world.start(order.outTradeNo, await world.load());
    expect(await world.shipment(order.outTradeNo)).toBeUndefined();
  });

  it('keeps its old answer while WeChat does not answer', async () => {
    await world.wait(2 * DAY_MS);
    await world.setTrade({ managed: false });
    await world.start((await world.coffee()).outTradeNo);
    await world.wait(2 * HOUR_MS);
    await world.errcode(IS_MANAGED, 10060012, 100);
    const order = await world.coffee();
    await world.start(order.outTradeNo, await world.load());
    expect(await world.shipment(order.outTradeNo)).toBeUndefined();
  });

  it('is answered with yes if WeChat never answered', async () => {
    await world.wait(40 * DAY_MS);
    await world.errcode(IS_MANAGED, 10060012, 100);
    const order = await world.coffee();
    await world.start(order.outTradeNo, await world.load());
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'to-ship' });
  });

  it('is replaced by ORDER_SHIPPING=on', async () => {
    await world.setTrade({ managed: false });
    const before = world.bodies(IS_MANAGED).length;
    const order = await world.coffee();
    await world.start(order.outTradeNo, await world.load({ settings: { ORDER_SHIPPING: 'on' } }));
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'to-ship' });
    expect(world.bodies(IS_MANAGED).length).toBe(before);
  });
});

describe('concurrent instances in real time', () => {
  it('send one upload', async () => {
    const order = await world.topUp();
    await world.wait(10_000);
    const instances = await Promise.all([1, 2, 3, 4].map(() => world.load({ sleep: runtime.sleep })));
    await Promise.all(instances.map((loaded) => world.start(order.outTradeNo, loaded)));
    expect(world.uploads(order)).toHaveLength(1);
  });
});
