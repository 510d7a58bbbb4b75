// Shipped orders: the one correction, pushes during an upload, and orders that were shipped elsewhere.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runtime } from '../../lib/core/runtime.ts';
import { advance } from '../../lib/shipping/progress.ts';
import { writeShipment } from '../../lib/store/shipments.ts';
import { rejectionsOf } from '../support/rejections.ts';
import { A, B, C, createShippingWorld, shippedView, type ShippingWorld } from '../support/shipping-world.ts';
import { GET_ORDER, MINUTE_MS, UPLOAD } from '../support/trade-controls.ts';

let world: ShippingWorld;
beforeAll(async () => {
  world = await createShippingWorld();
});
afterAll(() => world.close());
afterEach(() => world.reset());

describe('another call of shipOrder after a lost answer', () => {
  it('finishes the earlier upload first', async () => {
    const { outTradeNo } = await world.started();
    world.loseAnswer(UPLOAD);
    await expect(world.ship({ outTradeNo, parcels: [A], final: false })).rejects.toMatchObject({
      code: 'WECHAT_TIMEOUT',
    });
    await world.wait(MINUTE_MS);
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shippedView([A, B]));
  });

  it('is no error if WeChat declines the earlier upload', async () => {
    const { outTradeNo } = await world.started();
    await world.errcode(UPLOAD, 10060012, 1);
    await expect(world.ship({ outTradeNo, parcels: [A] })).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    await world.errcode(UPLOAD, 10060026, 1);
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shippedView([B]));
  });
});

describe('the correction of a shipped order', () => {
  it('replaces all parcels once', async () => {
    const { outTradeNo } = await world.started();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shippedView([B]));
    expect(await world.wechatShipping(outTradeNo)).toMatchObject({ isCorrected: true, parcels: [B] });
    await world.wait(MINUTE_MS);
    await expect(world.ship({ outTradeNo, parcels: [C] })).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shippedView([B]));
  });

  it('sends one correction for concurrent calls with different parcels', async () => {
    const order = await world.started();
    const { outTradeNo } = order;
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    const instances = await Promise.all([B, C].map(() => world.load({ sleep: runtime.sleep })));
    const results = await Promise.allSettled(
      [B, C].map((parcel, index) => world.ship({ outTradeNo, parcels: [parcel] }, instances[index])),
    );
    expect(rejectionsOf(results)).toMatchObject([{ code: 'ORDER_STATE_CONFLICT' }]);
    expect(world.uploads(order)).toHaveLength(2);
    const { parcels } = (await world.shipment(outTradeNo))!;
    expect(await world.wechatShipping(outTradeNo)).toMatchObject({ parcels });
  });

  it('is done if its answer was lost', async () => {
    const { outTradeNo } = await world.started();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    world.loseAnswer(UPLOAD);
    await expect(world.ship({ outTradeNo, parcels: [B] })).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shippedView([B]));
    expect(await world.shipment(outTradeNo)).toMatchObject({ isCorrected: true });
    await world.wait(MINUTE_MS);
    await expect(world.ship({ outTradeNo, parcels: [C] })).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
  });

  it('is done if its answer was lost and WeChat then calls the correction used up', async () => {
    const { outTradeNo } = await world.started();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    world.loseAnswer(UPLOAD);
    await expect(world.ship({ outTradeNo, parcels: [B] })).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    await world.errcode(UPLOAD, 10060003);
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shippedView([B]));
  });

  it('is not used up by information that WeChat has already', async () => {
    const { outTradeNo } = await world.started();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    // Without a description WeChat got that of the order, so nothing changes at WeChat.
    await world.ship({ outTradeNo, parcels: [{ ...A, description: 'Coffee' }] });
    await world.wait(MINUTE_MS);
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shippedView([B]));
  });

  it('is declined after an operator corrected the order in the console, and the parcels of WeChat are adopted', async () => {
    const { outTradeNo } = await world.started();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    await world.control('POST', '/_merchant/shipping', { outTradeNo, ...B });
    await world.wait(MINUTE_MS);
    await expect(world.ship({ outTradeNo, parcels: [C] })).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    expect(await world.shipment(outTradeNo)).toMatchObject({ parcels: [B], isCorrected: true });
  });

  it('is not possible after the receipt', async () => {
    const { outTradeNo, person } = await world.started();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    await world.phone.act(person, 'receive', { outTradeNo });
    await expect(world.ship({ outTradeNo, parcels: [B] })).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    expect(await world.shipment(outTradeNo)).toMatchObject({ state: 'settled', parcels: [A] });
  });

  it('keeps the time of the shipping, and publishes no second event', async () => {
    const { outTradeNo } = await world.started();
    await world.ship({ outTradeNo, parcels: [A] });
    const { shippedAt } = (await world.shipment(outTradeNo))!;
    await world.wait(MINUTE_MS);
    await world.ship({ outTradeNo, parcels: [B] });
    expect(await world.shipment(outTradeNo)).toMatchObject({ shippedAt });
  });
});

describe('an upload of which WeChat pushes the result before its answer', () => {
  it('keeps the parcels and the pushed state', async () => {
    const order = await world.started();
    const { outTradeNo } = order;
    world.beforeAnswer(UPLOAD, async () => {
      const seen = (await world.shipment(outTradeNo))!;
      const at = new Date(world.outside.now()).toISOString();
      const estimatedSettlementAt = '2026-12-11T00:00:00.000Z';
      await writeShipment(world.table, seen, advance(seen, { state: 'shipped', seenAt: at, estimatedSettlementAt }), 1);
    });
    expect((await world.ship({ outTradeNo, parcels: [A] })).shipping).toEqual(
      shippedView([A], { estimatedSettlementAt: '2026-12-11T00:00:00.000Z' }),
    );
    expect(await world.shipment(outTradeNo)).not.toHaveProperty('isCorrected');
    expect(world.uploads(order)).toHaveLength(1);
  });
});

describe('an order that was shipped elsewhere', () => {
  it('gets the parcels of WeChat, and counts as shipped', async () => {
    const { outTradeNo, transactionId } = await world.started();
    await world.control('POST', '/_merchant/shipping', { outTradeNo, ...B });
    await world.faults('upload-shipping', 'already-shipped');
    expect((await world.ship({ outTradeNo, parcels: [A] })).shipping).toEqual(shippedView([B]));
    expect(world.bodies(GET_ORDER, transactionId)).toHaveLength(1);
  });
});
