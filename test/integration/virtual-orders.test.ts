// Flows that run over all orders or all payments, with orders of virtual payment among them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsOf } from '../../lib/events/from-record.ts';
import type { DomainEvent } from '../../lib/events/schemas.ts';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { mayLosePhone } from '../../lib/identity/phone-takeover.ts';
import { checkOrder } from '../../lib/pay/check-order.ts';
import { closeOrder } from '../../lib/pay/close-order.ts';
import { getOrder } from '../../lib/pay/get-order.ts';
import { listOrders } from '../../lib/pay/list-orders.ts';
import { showOrder } from '../../lib/pay/show-order.ts';
import { exportAccount } from '../../lib/privacy/export-account.ts';
import { shipOrder } from '../../lib/shipping/ship-order.ts';
import { startShipment } from '../../lib/shipping/start-shipment.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { keys, ownerOf } from '../../lib/store/keys.ts';
import { readOrder, type Order } from '../../lib/store/orders.ts';
import { readShipment } from '../../lib/store/shipments.ts';
import { creditTopUp } from '../../lib/wallet/book.ts';
import { getWallet } from '../../lib/wallet/get-wallet.ts';
import { loadOwnOrders } from '../../lib/wiring/pay.ts';
import { loadAccountExport } from '../../lib/wiring/privacy.ts';
import { loadOrderShip, loadShipmentStart } from '../../lib/wiring/shipping.ts';
import { recordOf } from '../support/stream-records.ts';
import { tradeControls, UPLOAD } from '../support/trade-controls.ts';
import { createVirtualBuyers } from '../support/virtual-buyers.ts';
import { createWorld, ids, type World } from '../support/world.ts';

let world: World;
let buyers: Awaited<ReturnType<typeof createVirtualBuyers>>;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createVirtualBuyers(world);
  await tradeControls(world, async () => undefined).setTrade({ managed: true });
  Object.assign(process.env, { ORDER_SHIPPING: 'on' });
});
afterAll(() => world.simulator.close());

/** Returns a buyer with a paid and booked virtual order, and the event of its payment. */
async function booked(request: Parameters<typeof buyers.paidOrder>[0] = {}, how: { apple?: boolean } = {}) {
  const bought = await buyers.paidOrder(request, how);
  const open = await buyers.stored(bought.outTradeNo);
  await checkOrder(world.pay, open);
  const paid = await buyers.stored(bought.outTradeNo);
  const [paidEvent] = eventsOf(recordOf(keys.order(open.outTradeNo), open, paid));
  return { ...bought, order: paid, event: paidEvent as DomainEvent<'order.paid'> };
}

const ownOrders = async () => (await loadOwnOrders(world.outside)).within(Number.POSITIVE_INFINITY);

describe('a virtual payment', () => {
  it('has the event of any other payment, without the environment and the goods', async () => {
    const { event, order } = await booked();
    expect(event).toMatchObject({ name: 'order.paid', id: `order.paid:${order.outTradeNo}` });
    expect(event.data).toEqual({
      outTradeNo: order.outTradeNo,
      userId: ownerOf(order.outTradeNo),
      sku: 'lesson',
      amountFen: 600,
      kind: 'goods',
      currency: 'CNY',
      transactionId: order.transactionId,
      paidAt: order.paidAt,
    });
  });

  it('is credited to the wallet once, also when its event arrives twice at a time', async () => {
    const { token, event } = await booked({ sku: 'top-up', amountFen: 700 });
    await Promise.all([creditTopUp(world.base, event), creditTopUp(world.base, event)]);
    await creditTopUp(world.base, event);
    expect(await getWallet(world.sessions, token)).toEqual({ balanceFen: 700 });
  });

  it('starts no shipment, calls nothing at WeChat, and has no shipping for the buyer', async () => {
    const { token, order, event } = await booked();
    const { outTradeNo } = order;
    const uploads = await world.calls(UPLOAD);
    await startShipment((await loadShipmentStart({ ...world.outside, sleep: async () => undefined }))!, event);
    expect(await readShipment(world.table, outTradeNo, 'strong')).toBeUndefined();
    expect(await world.calls(UPLOAD)).toBe(uploads);
    expect((await getOrder(await ownOrders(), { token, outTradeNo })).order).toMatchObject({
      state: 'PAID',
      shipping: null,
    });
    expect((await listOrders(await ownOrders(), { token })).orders).toMatchObject([{ outTradeNo, shipping: null }]);
  });

  it('cannot be shipped by an operator, who learns the reason', async () => {
    const { outTradeNo } = await booked();
    await expect(shipOrder(await loadOrderShip(world.outside), { outTradeNo })).rejects.toMatchObject({
      code: 'ORDER_STATE_CONFLICT',
      message: 'The order was paid by virtual payment, so WeChat needs no shipping information',
    });
  });

  it('is shown to operators with its goods and its environment, and with a masked openid', async () => {
    const { outTradeNo, person } = await booked({}, { apple: true });
    const shown = await showOrder(world.base, { outTradeNo });
    expect(shown).toMatchObject({
      order: {
        api: 'virtual',
        tradeType: 'VIRTUAL',
        mchId: ids.virtual.offerId,
        env: 'live',
        paidBy: 'apple',
        goods: { productId: 'lesson', quantity: 1, unitFen: 600 },
      },
      shipment: null,
    });
    expect(JSON.stringify(shown)).not.toContain(person.openIds.miniapp);
  });

  it('is in the export of the account, with the receiver of the payment', async () => {
    const { outTradeNo, user, person } = await booked({}, { apple: true });
    const { orders } = await exportAccount(await loadAccountExport(world.outside), { userId: user.id });
    expect(orders).toMatchObject([
      { outTradeNo, tradeType: 'VIRTUAL', paidBy: 'apple', openId: person.openIds.miniapp, refunds: [] },
    ]);
  });
});

describe('an open virtual order', () => {
  const AFTER_A_DAY = { afterDays: 1, deployedOnMs: 0 };
  /** Returns whether the account may lose its phone after a year without use. */
  const mayLose = async (accountId: string) => {
    const account = (await readAccount(world.table, accountId, 'strong'))!;
    const now = () => world.outside.now() + 365 * 86_400_000;
    return mayLosePhone({ table: world.table, now, takeover: AFTER_A_DAY }, account);
  };

  it('keeps the account and its phone until it is closed, and the close erases its payer', async () => {
    const { token, user, outTradeNo } = await buyers.newOrder();
    await expect(closeAccount(world.closing, token)).rejects.toMatchObject({
      code: 'ORDER_STATE_CONFLICT',
      detail: { outTradeNo, state: 'NOTPAY' },
    });
    expect(await mayLose(user.id)).toBe(false);
    await closeOrder(await ownOrders(), { token, outTradeNo });
    expect(await mayLose(user.id)).toBe(true);
    await closeAccount(world.closing, token);
    const erased: Order = (await readOrder(world.table, outTradeNo))!;
    expect(erased).toMatchObject({ state: 'CLOSED', goods: { productId: 'lesson' } });
    expect(erased).not.toHaveProperty('openId');
    expect(erased).not.toHaveProperty('clientIp');
  });
});

describe('a paid virtual top-up', () => {
  it('keeps the account until the wallet has its credit, and while the wallet holds it', async () => {
    const { token, event, outTradeNo } = await booked({ sku: 'top-up', amountFen: 300 });
    const rejection = { code: 'ORDER_STATE_CONFLICT' };
    await expect(closeAccount(world.closing, token)).rejects.toMatchObject({ ...rejection, detail: { outTradeNo } });
    await creditTopUp(world.base, event);
    await expect(closeAccount(world.closing, token)).rejects.toMatchObject({
      ...rejection,
      detail: { balanceFen: 300 },
    });
  });
});
