// Orders that an operator ships: deliveries, parcels, repeated and concurrent calls.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runtime } from '../../lib/core/runtime.ts';
import { crashesAfter } from '../support/crashes.ts';
import { A, B, C, createShippingWorld, shippedView, type ShippingWorld } from '../support/shipping-world.ts';
import { DAY_MS, MINUTE_MS, UPLOAD } from '../support/trade-controls.ts';

let world: ShippingWorld;
beforeAll(async () => {
  world = await createShippingWorld();
});
afterAll(() => world.close());
afterEach(() => world.reset());

describe('shipOrder', () => {
  it('ships an express order, and returns its shipping', async () => {
    const { outTradeNo, ...order } = await world.started();
    await expect(world.ship({ outTradeNo, parcels: [A] })).resolves.toEqual({ outTradeNo, shipping: shippedView([A]) });
    expect(await world.wechatShipping(outTradeNo)).toMatchObject({
      orderState: 2,
      parcels: [{ ...A, goods: 'Coffee' }],
    });
    expect(world.uploads(order)).toHaveLength(1);
    expect(await world.shipment(outTradeNo)).toMatchObject({
      shippedAt: expect.any(String),
      uploadAtMs: expect.any(Number),
    });
  });

  it.each(['pickup', 'same-city', 'virtual'])('ships an order in another way than its own: %s', async (delivery) => {
    const { outTradeNo } = await world.started();
    const { shipping } = await world.ship({ outTradeNo, delivery });
    expect(shipping).toEqual({ state: 'shipped', delivery, parcels: [] });
    expect(await world.wechatShipping(outTradeNo)).toMatchObject({ orderState: 2, delivery });
  });

  it('creates the shipment if the event of the payment is late', async () => {
    const { outTradeNo } = await world.coffee();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.start(outTradeNo);
    expect(await world.shipment(outTradeNo)).toMatchObject({ state: 'shipped', parcels: [A] });
  });

  it('repeats the upload while WeChat does not have a new payment yet', async () => {
    const order = await world.coffee();
    await expect(world.ship({ outTradeNo: order.outTradeNo, parcels: [A] })).resolves.toMatchObject({
      shipping: { state: 'shipped' },
    });
    expect(world.uploads(order).length).toBeGreaterThan(1);
  });

  it('keeps the upload of a payment that stays unknown for the sweep', async () => {
    await world.setTrade({ knownAfterMs: MINUTE_MS });
    const { outTradeNo } = await world.coffee();
    await expect(world.ship({ outTradeNo, parcels: [A] })).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    await world.wait(MINUTE_MS);
    expect(await world.resend(outTradeNo)).toMatchObject({ state: 'shipped', parcels: [A] });
  });
});

describe('shipOrder with several parcels', () => {
  it.each([false, true])(
    'adds the parcels of each call until one is final (WeChat adds them itself: %s)',
    async (adds) => {
      const { outTradeNo } = await world.started();
      if (adds) await world.faults('upload-shipping', 'split-appends', 5);
      const first = await world.ship({ outTradeNo, parcels: [A], final: false });
      expect(first.shipping).toEqual({ state: 'to-ship', delivery: 'express', parcels: [A] });
      expect(await world.wechatShipping(outTradeNo)).toMatchObject({ orderState: 1 });
      await world.wait(DAY_MS);
      const last = await world.ship({ outTradeNo, parcels: [B] });
      expect(last.shipping).toEqual(shippedView([A, B]));
      expect(await world.wechatShipping(outTradeNo)).toMatchObject({
        orderState: 2,
        parcels: [A, B],
        isCorrected: false,
      });
    },
  );

  it('completes a split order without a further parcel, and without using up the correction', async () => {
    const { outTradeNo } = await world.started();
    await world.ship({ outTradeNo, parcels: [A], final: false });
    await world.wait(MINUTE_MS);
    expect((await world.ship({ outTradeNo })).shipping).toEqual(shippedView([A]));
    expect(await world.wechatShipping(outTradeNo)).toMatchObject({ orderState: 2, isCorrected: false });
  });

  it('has every parcel of concurrent calls', async () => {
    const { outTradeNo } = await world.started();
    const instances = await Promise.all([A, B, C].map(() => world.load({ sleep: runtime.sleep })));
    await Promise.all(
      [A, B, C].map((parcel, index) => world.ship({ outTradeNo, parcels: [parcel], final: false }, instances[index])),
    );
    const numbers = (await world.shipment(outTradeNo))!.parcels.map(({ trackingNo }) => trackingNo);
    expect(numbers.toSorted()).toEqual(['YT-A', 'YT-B', 'YT-C']);
    expect(((await world.wechatShipping(outTradeNo))!.parcels ?? []).map(({ trackingNo }) => trackingNo)).toEqual(
      numbers,
    );
  });
});

describe('the same call of shipOrder twice', () => {
  it('sends one upload, one after the other', async () => {
    const order = await world.started();
    const input = { outTradeNo: order.outTradeNo, parcels: [A] };
    const first = await world.ship(input);
    expect(await world.ship(input)).toEqual(first);
    expect(world.uploads(order)).toHaveLength(1);
  });

  it('sends one upload also at the same time, in separate instances', async () => {
    const order = await world.started();
    const input = { outTradeNo: order.outTradeNo, parcels: [A] };
    const instances = await Promise.all([1, 2, 3, 4, 5].map(() => world.load({ sleep: runtime.sleep })));
    const results = await Promise.all(instances.map((loaded) => world.ship(input, loaded)));
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(world.uploads(order)).toHaveLength(1);
  });

  it('sends nothing when the call added its parcels to earlier ones', async () => {
    const order = await world.started();
    const [first, last] = [
      { outTradeNo: order.outTradeNo, parcels: [A], final: false },
      { outTradeNo: order.outTradeNo, parcels: [B] },
    ];
    await world.ship(first);
    await world.wait(MINUTE_MS);
    await world.ship(last);
    for (const repeated of [last, first]) expect((await world.ship(repeated)).shipping).toEqual(shippedView([A, B]));
    expect(world.uploads(order)).toHaveLength(2);
  });

  it('repeats the same upload after WECHAT_TIMEOUT', async () => {
    const order = await world.started();
    const input = { outTradeNo: order.outTradeNo, parcels: [A] };
    world.loseAnswer(UPLOAD);
    await expect(world.ship(input)).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    await world.wait(MINUTE_MS);
    await expect(world.ship(input)).resolves.toMatchObject({ shipping: shippedView([A]) });
    const [lost, repeated] = world.uploads(order);
    expect(repeated).toEqual(lost);
    expect(await world.wechatShipping(order.outTradeNo)).toMatchObject({ isCorrected: false });
  });

  it.each([0, 1])('ships once after a crash behind write %i', async (writes) => {
    const order = await world.started();
    const input = { outTradeNo: order.outTradeNo, parcels: [A] };
    expect(await crashesAfter(world.table, writes, () => world.ship(input))).toBe(true);
    // The claim of the crashed call ends.
    await world.wait(MINUTE_MS);
    await expect(world.ship(input)).resolves.toMatchObject({ shipping: shippedView([A]) });
    expect(await world.wechatShipping(order.outTradeNo)).toMatchObject({ orderState: 2, isCorrected: false });
  });

  it('returns WECHAT_TIMEOUT while the claim of a crashed call lasts', async () => {
    const { outTradeNo } = await world.started();
    await crashesAfter(world.table, 1, () => world.ship({ outTradeNo, parcels: [A] }));
    await expect(world.ship({ outTradeNo, parcels: [A] })).rejects.toMatchObject({
      code: 'WECHAT_TIMEOUT',
      message: expect.stringContaining('repeat the request in a minute'),
    });
  });
});
