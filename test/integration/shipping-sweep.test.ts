// What the sweep finds out by itself: lost pushes, uploads without an outcome, and shipments made in WeChat's console.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withMetrics } from '../support/metrics.ts';
import { createTradeWorld, PARCEL, type TradeWorld } from '../support/trade-world.ts';
import { DAY_MS, GET_ORDER, HOUR_MS, MINUTE_MS, UPLOAD } from '../support/trade-controls.ts';

let world: TradeWorld;
beforeAll(async () => {
  world = await createTradeWorld();
});
afterAll(() => world.close());
beforeEach(() => world.clear());

const TOP_UP = { sku: 'top-up', amountFen: 5_000 };
/** Pays an order, and starts its shipment. */
const started = async (purchase: object = {}) => {
  const order = await world.paidOrder(purchase);
  await world.start(order);
  return order;
};

describe('shipping-sweep', () => {
  it('finds a settlement whose push was dropped', async () => {
    const order = await started();
    await world.ship(order);
    await world.faults('trade-push', 'no-push', 10);
    await world.wait(11 * DAY_MS);
    expect(await world.merchantOrder(order)).toMatchObject({ frozenFen: 0, settledFen: 1_800 });
    const before = (await world.shipmentOf(order))!;
    expect(before).toMatchObject({ state: 'shipped' });
    await world.wait(4 * DAY_MS);
    expect(await world.sweep()).toEqual({ visited: 1, failed: 0, more: false });
    const after = (await world.shipmentOf(order))!;
    expect(after).toMatchObject({ state: 'settled', parcels: [PARCEL] });
    expect(world.eventsBetween(before, after)).toEqual(['order.received', 'order.settled']);
    await world.wait(30 * DAY_MS);
    expect(await world.sweep()).toEqual({ visited: 0, failed: 0, more: false });
  });

  it('asks nothing about an order that the pushes settled', async () => {
    const order = await started(TOP_UP);
    await world.wait(3 * DAY_MS);
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'settled' });
    const before = await world.calls(GET_ORDER);
    await world.wait(30 * DAY_MS);
    expect(await world.sweep()).toEqual({ visited: 0, failed: 0, more: false });
    expect(await world.calls(GET_ORDER)).toBe(before);
  });

  it('asks once a day about an order whose settlement is late, until it is settled', async () => {
    const order = await started(TOP_UP);
    await world.faults('trade-push', 'no-push', 10);
    await world.faults('settlement', 'held-for-a-day', 4);
    const before = await world.calls(GET_ORDER);
    const states: string[] = [];
    for (let hour = 0; hour < 7 * 24; hour += 1) {
      await world.wait(HOUR_MS);
      await world.sweep();
      const { state } = (await world.shipmentOf(order))!;
      if (state !== states.at(-1)) states.push(state);
    }
    expect(states).toEqual(['shipped', 'received', 'settled']);
    expect((await world.calls(GET_ORDER)) - before).toBe(3);
  });

  it("adopts a shipment made in WeChat's console within a minute of its push", async () => {
    const order = await started();
    await world.shipByHand(order, { delivery: 'same-city' });
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'shipped', delivery: 'express' });
    await world.wait(MINUTE_MS);
    await world.sweep();
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'shipped', delivery: 'same-city', parcels: [] });
  });

  it("finds a shipment made in WeChat's console whose push was dropped, with its parcels, after a day", async () => {
    const order = await started();
    await world.faults('trade-push', 'no-push');
    await world.shipByHand(order);
    await world.wait(DAY_MS - HOUR_MS);
    expect(await world.sweep()).toMatchObject({ visited: 0 });
    const before = (await world.shipmentOf(order))!;
    await world.wait(2 * HOUR_MS);
    await world.sweep();
    const after = (await world.shipmentOf(order))!;
    expect(after).toMatchObject({ state: 'shipped', parcels: [PARCEL] });
    expect(world.eventsBetween(before, after)).toEqual(['order.shipped']);
  });

  it('keeps the contact of a parcel of SF, so that the rest of the order can be shipped after a look', async () => {
    const order = await started();
    const part = { carrier: 'SF', trackingNo: 'SF-1', receiverPhone: '13800001234' };
    await world.ship(order, { parcels: [part], final: false });
    await world.wait(25 * HOUR_MS);
    expect(await world.sweep()).toMatchObject({ visited: 1, failed: 0 });
    await world.ship(order, { parcels: [PARCEL] });
    expect(await world.shipmentOf(order)).toMatchObject({
      state: 'shipped',
      parcels: [{ trackingNo: 'SF-1', contact: { receiver: '+86-138****1234' } }, PARCEL],
    });
  });

  it('ships a virtual order within 90 seconds of its payment although WeChat has the payment late', async () => {
    const order = await world.paidOrder(TOP_UP);
    const paidAtMs = Date.now();
    await world.faults('upload-shipping', 'unknown-payment', 10);
    await world.start(order);
    await world.calm();
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'to-ship' });
    await world.wait(MINUTE_MS - ((Date.now() - paidAtMs) % MINUTE_MS));
    await world.sweep();
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'shipped' });
    expect(Date.now() - paidAtMs).toBeLessThanOrEqual(90_000);
  });

  it('ships a virtual order whose upload WeChat declined once, after the look that finds it unshipped', async () => {
    const order = await world.paidOrder(TOP_UP);
    await world.errcode(UPLOAD, 10_060_014, 1);
    await world.start(order);
    expect(await world.shipmentOf(order)).not.toHaveProperty('pending');
    await world.wait(25 * HOUR_MS);
    await world.sweep();
    await world.wait(MINUTE_MS);
    await world.sweep();
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'shipped', delivery: 'virtual' });
  });

  it('repeats an upload with growing pauses while WeChat does not answer, and ships the order afterwards', async () => {
    const order = await world.paidOrder(TOP_UP);
    await world.faults(UPLOAD, '5xx', 10_000);
    await world.start(order);
    const attempts: number[] = [];
    for (let minute = 0; minute < 4 * 60; minute += 1) {
      await world.wait(MINUTE_MS);
      const before = await world.calls(UPLOAD);
      await world.sweep();
      if ((await world.calls(UPLOAD)) > before) attempts.push(minute);
      await world.control('DELETE', '/_log');
    }
    const pauses = attempts.slice(1).map((at, index) => at - attempts[index]!);
    expect(pauses[0]).toBe(1);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(pauses.at(-1)).toBeGreaterThan(15);
    await world.calm();
    await world.wait(HOUR_MS);
    await world.sweep();
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'shipped' });
  });

  it('counts an unshipped order at 40 hours and once a day, and asks WeChat before', async () => {
    const order = await started();
    await world.faults('trade-push', 'no-push', 10);
    const [paidAtMs, before] = [Date.parse((await world.shipmentOf(order))!.paidAt), await world.calls(GET_ORDER)];
    const warnedHours: number[] = [];
    const [, metrics] = await withMetrics(async () => {
      for (let hour = 1; hour <= 100; hour += 1) {
        await world.wait(paidAtMs + hour * HOUR_MS + MINUTE_MS - Date.now());
        const seen = (await world.shipmentOf(order))?.warnedAtMs;
        await world.sweep();
        if ((await world.shipmentOf(order))?.warnedAtMs !== seen) warnedHours.push(hour);
      }
    });
    // A look follows the one before after a day and some milliseconds, so the run of the next hour finds it due.
    expect(warnedHours).toEqual([40, 65, 90]);
    expect(metrics).toEqual(['UnshippedOrders', 'UnshippedOrders', 'UnshippedOrders']);
    expect((await world.calls(GET_ORDER)) - before).toBe(4);
  });

  it('warns of an unshipped order also while WeChat does not answer', async () => {
    const order = await started();
    await world.wait(41 * HOUR_MS);
    await world.faults(GET_ORDER, '5xx', 10_000);
    const [run, metrics] = await withMetrics(() => world.sweep());
    expect(run).toEqual({ visited: 1, failed: 1, more: false });
    expect(metrics).toEqual(['UnshippedOrders']);
    expect(world.output.join('\n')).toContain('shipment.overdue');
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'to-ship' });
  });

  it('ends the shipment of an order that is refunded in full, uploads nothing, and warns of nothing', async () => {
    const [goods, topUp] = [await started(), await world.paidOrder(TOP_UP)];
    await world.faults('upload-shipping', 'unknown-payment', 10);
    await world.start(topUp);
    for (const [order, amountFen] of [
      [goods, 1_800],
      [topUp, 5_000],
    ] as const)
      await world.refund(order, amountFen);
    const before = await world.calls(UPLOAD);
    await world.wait(41 * HOUR_MS);
    const [run, metrics] = await withMetrics(() => world.sweep());
    expect(run).toEqual({ visited: 2, failed: 0, more: false });
    expect(metrics).toEqual([]);
    expect(await world.calls(UPLOAD)).toBe(before);
    for (const order of [goods, topUp]) {
      expect(await world.shipmentOf(order)).toMatchObject({ state: 'to-ship', refundedAt: expect.any(String) });
      expect(await world.shipmentOf(order)).not.toHaveProperty('pending');
    }
    await world.wait(10 * DAY_MS);
    expect(await world.sweep()).toMatchObject({ visited: 0 });
  });

  it('keeps a shipment with a partial refund, and warns of no order whose whole payment is being refunded', async () => {
    const [partly, wholly] = [await started(), await started()];
    await world.refund(partly, 800);
    await world.refund(wholly, 1_800, { ends: false });
    // The refund stays under way, because its result is not queried.
    await world.wait(41 * HOUR_MS);
    const [, metrics] = await withMetrics(() => world.sweep());
    expect(metrics).toEqual(['UnshippedOrders']);
    expect(await world.shipmentOf(partly)).toMatchObject({ state: 'to-ship', warnedAtMs: expect.any(Number) });
    expect(await world.shipmentOf(partly)).not.toHaveProperty('refundedAt');
  });

  it('learns from WeChat of a full refund whose notification is lost', async () => {
    const order = await started();
    await world.ship(order);
    await world.faults('notify', 'drop-notify', 10);
    await world.refundByHand(order, 1_800);
    expect(await world.orderState(order)).toBe('PAID');
    await world.wait(16 * DAY_MS);
    await world.sweep();
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'shipped', refundedAt: expect.any(String) });
  });

  it('deletes the shipment of an order that WeChat does not manage, and keeps a shipped one', async () => {
    const [goods, shipped] = [await started(), await started()];
    await world.ship(shipped);
    await world.setTrade({ managed: false });
    await world.wait(25 * HOUR_MS);
    await world.sweep();
    expect(await world.shipmentOf(goods)).toBeUndefined();
    expect(await world.shipmentOf(shipped)).toMatchObject({ state: 'shipped' });
  });

  it('deletes the shipment of a payment from before the trade management after 40 hours, without a warning', async () => {
    await world.setTrade({ managed: false });
    const order = await world.paidOrder();
    await world.setTrade({ managed: true });
    await world.start(order);
    await world.wait(DAY_MS);
    expect(await world.sweep()).toMatchObject({ visited: 1 });
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'to-ship' });
    await world.wait(16 * HOUR_MS);
    const [, metrics] = await withMetrics(() => world.sweep());
    expect(metrics).toEqual([]);
    expect(await world.shipmentOf(order)).toBeUndefined();
  });
});
