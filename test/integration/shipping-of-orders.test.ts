// The shipping in the answers of the order routes, in order-show and in account-export.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { getOrder } from '../../lib/pay/get-order.ts';
import { listOrders } from '../../lib/pay/list-orders.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { showOrder } from '../../lib/pay/show-order.ts';
import { exportAccount } from '../../lib/privacy/export-account.ts';
import { shipOrder } from '../../lib/shipping/ship-order.ts';
import { mergeAccounts } from '../../lib/store/account-links.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { writeShipment, type Shipment } from '../../lib/store/shipments.ts';
import { loadAccountExport } from '../../lib/wiring/privacy.ts';
import { loadOrderShip } from '../../lib/wiring/shipping.ts';
import { createBuyers } from '../support/buyers.ts';
import { createWorld, REFUND_SETTLES_MS, type World } from '../support/world.ts';

const AT = '2026-11-20T00:00:00.000Z';

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
});
afterAll(() => world.simulator.close());

const ship = (outTradeNo: string, more: Partial<Shipment> = {}) =>
  writeShipment(
    world.table,
    undefined,
    {
      outTradeNo,
      sku: 'coffee',
      amountFen: 1800,
      state: 'shipped',
      delivery: 'express',
      parcels: [{ carrier: 'SF', trackingNo: 'SF1', description: 'Coffee', contact: { receiver: '+86-138****6666' } }],
      paidAt: AT,
      shippedAt: AT,
      estimatedSettlementAt: AT,
      ...more,
    },
    Date.now() + 60_000,
  );

/** Refunds a part of an order, or the whole, and waits until the refund succeeded. */
const refund = async (outTradeNo: string, amountFen: number) => {
  const input = { outTradeNo, outRefundNo: `r-${outTradeNo}`, amountFen };
  await refundOrder(world.pay, input);
  await world.simulator.advanceClock(REFUND_SETTLES_MS + 1_000);
  await refundOrder(world.pay, input);
};

const shown = {
  state: 'shipped',
  delivery: 'express',
  parcels: [{ carrier: 'SF', trackingNo: 'SF1' }],
  estimatedSettlementAt: AT,
};

describe('order.shipping', () => {
  it('is null for an unpaid order, and for a paid order without a shipment', async () => {
    const open = await buyers.newOrder();
    const { order } = await getOrder(world.pay, { token: open.token, outTradeNo: open.order.outTradeNo });
    expect(order.shipping).toBeNull();
    const { token, outTradeNo } = await buyers.paidOrder();
    expect((await getOrder(world.pay, { token, outTradeNo })).order).toMatchObject({ state: 'PAID', shipping: null });
  });

  it('names state, delivery, parcels and times, and no contact', async () => {
    const { token, outTradeNo } = await buyers.paidOrder();
    await ship(outTradeNo);
    const { order } = await getOrder(world.pay, { token, outTradeNo });
    expect(order.shipping).toEqual(shown);
    expect((await listOrders(world.pay, { token })).orders).toMatchObject([{ outTradeNo, shipping: shown }]);
  });

  it('is null for an order that was refunded before it was shipped, also before the sweep ends its shipment', async () => {
    const { token, outTradeNo } = await buyers.paidOrder();
    await ship(outTradeNo, { state: 'to-ship', parcels: [] });
    const shipping = async () => (await getOrder(world.pay, { token, outTradeNo })).order.shipping;
    expect(await shipping()).toMatchObject({ state: 'to-ship' });
    await refund(outTradeNo, 1_800);
    expect(await shipping()).toBeNull();
  });

  it('is null for an order that WeChat reports as refunded before it was shipped', async () => {
    const { token, outTradeNo } = await buyers.paidOrder();
    await ship(outTradeNo, { state: 'to-ship', refundedAt: AT });
    expect((await getOrder(world.pay, { token, outTradeNo })).order.shipping).toBeNull();
  });

  it('stays visible after a partial refund, and after a refund of a shipped order', async () => {
    const { token, outTradeNo } = await buyers.paidOrder();
    await ship(outTradeNo, { state: 'to-ship', parcels: [] });
    const shipping = async () => (await getOrder(world.pay, { token, outTradeNo })).order.shipping;
    await refund(outTradeNo, 800);
    expect(await shipping()).toMatchObject({ state: 'to-ship' });
    const shipped = await buyers.paidOrder();
    await ship(shipped.outTradeNo);
    await refund(shipped.outTradeNo, 1_800);
    expect((await getOrder(world.pay, shipped)).order).toMatchObject({ state: 'REFUNDED', shipping: shown });
  });

  it('is listed for orders of merged accounts too', async () => {
    const [into, from] = [await buyers.paidOrder(), await buyers.paidOrder()];
    for (const { outTradeNo } of [into, from]) await ship(outTradeNo, { parcels: [], delivery: 'pickup' });
    const ids = [into, from].map(({ outTradeNo }) => outTradeNo.slice(0, 16));
    const [one, two] = await Promise.all(ids.map((id) => readAccount(world.table, id, 'strong')));
    await mergeAccounts(world.table, { into: one!, from: two!, unionId: 'shipped-twice', at: AT });
    const { orders } = await listOrders(world.pay, { token: into.token });
    expect(orders.map(({ shipping }) => shipping?.delivery)).toEqual(['pickup', 'pickup']);
  });
});

describe('operators', () => {
  it('see the whole shipment in order-show, without keys of the table', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    expect((await showOrder(world.base, { outTradeNo })).shipment).toBeNull();
    await ship(outTradeNo);
    const { shipment } = await showOrder(world.base, { outTradeNo });
    expect(shipment).toMatchObject({ state: 'shipped', parcels: [{ contact: { receiver: '+86-138****6666' } }] });
    for (const name of ['pk', 'sk', 'followUpPk', 'followUpSk']) expect(shipment).not.toHaveProperty(name);
  });

  it('export the shipment with its order', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    await ship(outTradeNo);
    const part = await exportAccount(await loadAccountExport(world.outside), { userId: outTradeNo.slice(0, 16) });
    expect(part.orders).toMatchObject([
      { outTradeNo, delivery: 'express', shipment: { parcels: [{ carrier: 'SF' }] } },
    ]);
  });
});

describe('DELETE /me', () => {
  it('keeps the shipment of a paid order, so that the order is still shipped after the account is closed', async () => {
    const { token, outTradeNo, person } = await buyers.paidOrder();
    await ship(outTradeNo, { state: 'to-ship', parcels: [], shippedAt: undefined });
    await closeAccount(world.closing, token);
    Object.assign(process.env, world.settings, { ORDER_SHIPPING: 'on' });
    // WeChat does not have a payment in its first seconds.
    await world.simulator.advanceClock(2_000);
    const { shipping } = await shipOrder(await loadOrderShip(world.outside), {
      outTradeNo,
      parcels: [{ carrier: 'STO', trackingNo: '773012345678901' }],
    });
    expect(shipping).toMatchObject({ state: 'shipped', parcels: [{ carrier: 'STO' }] });
    const { order, shipment } = await showOrder(world.base, { outTradeNo });
    expect(order).not.toHaveProperty('openId');
    expect(JSON.stringify(shipment)).not.toContain(person.openIds.miniapp);
  });
});
