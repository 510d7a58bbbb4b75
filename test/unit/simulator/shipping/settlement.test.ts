// Receipt, settlement and frozen money.
import { describe, expect, test } from 'vitest';
import { settings } from '../settings.ts';
import { call, newUser, phoneAction, planFault } from '../support.ts';
import { DAY_MS, useTrade } from './support.ts';

const { simulator, user, post, pushes, pushesOf, merchantOrder, stateOf, paid, ship, shipped, receive, refund } =
  useTrade();

describe('settlement', () => {
  test.each([
    ['express', 1, 10],
    ['same-city', 2, 2],
    ['virtual', 3, 2],
    ['pickup', 4, 2],
  ])('confirms the receipt of %s by itself (type %i), %i days after the upload', async (_, type, days) => {
    const { transactionId, outTradeNo } = await shipped({ logistics_type: type });
    expect(await merchantOrder(outTradeNo)).toMatchObject({ frozenFen: 1800, settledFen: 0 });
    const [about] = pushesOf('trade_manage_order_settlement');
    expect(about).toMatchObject({ transaction_id: transactionId, merchant_trade_no: outTradeNo });
    expect(about.estimated_settlement_time - about.shipped_time).toBe((days * DAY_MS) / 1_000);
    await simulator.advanceClock(days * DAY_MS - 60_000);
    expect(await stateOf(transactionId)).toBe(2);
    await simulator.advanceClock(60_000);
    expect(await stateOf(transactionId)).toBe(4);
    expect(await merchantOrder(outTradeNo)).toMatchObject({ frozenFen: 0, settledFen: 1800 });
    expect(pushesOf('trade_manage_order_settlement')).toMatchObject([
      {},
      { transaction_id: transactionId, confirm_receive_method: 1, settlement_time: expect.any(Number) },
    ]);
  });

  test('settles at once when the buyer confirms the receipt of the shipped order, once', async () => {
    const { outTradeNo, transactionId } = await paid();
    expect(await receive(outTradeNo)).toMatchObject({ status: 409 });
    await ship(transactionId);
    expect(await receive(outTradeNo, await newUser(simulator))).toMatchObject({ status: 404 });
    expect(await receive(outTradeNo)).toMatchObject({ status: 200, json: { push: { status: 200 } } });
    expect(pushes().at(-1)).toMatchObject({ confirm_receive_method: 2, merchant_trade_no: outTradeNo });
    expect(await receive(outTradeNo)).toMatchObject({ status: 409 });
    expect(await merchantOrder(outTradeNo)).toMatchObject({ settledFen: 1800 });
  });

  test('holds the money of an order in complaint until the complaint is closed', async () => {
    const { outTradeNo, transactionId } = await shipped();
    const { json } = await phoneAction(simulator, user, 'complain', { outTradeNo, text: '没有收到' });
    await receive(outTradeNo);
    const { order } = await post('get_order', { transaction_id: transactionId });
    expect(order).toMatchObject({ order_state: 6, in_complaint: true });
    await call(simulator, 'POST', `/_merchant/complaints/${json.complaintId}`, { action: 'user-cancels' });
    await simulator.advanceClock(DAY_MS);
    expect(await stateOf(transactionId)).toBe(4);
  });

  test('starts the days again with a correction', async () => {
    const { transactionId } = await shipped();
    await simulator.advanceClock(9 * DAY_MS);
    expect(await ship(transactionId, { logistics_type: 3 })).toMatchObject({ errcode: 0 });
    await simulator.advanceClock(2 * DAY_MS - 60_000);
    expect(await stateOf(transactionId)).toBe(2);
    await simulator.advanceClock(60_000);
    expect(await stateOf(transactionId)).toBe(4);
  });

  test('is late by a day as a variant, in order_state 6', async () => {
    const { outTradeNo, transactionId } = await shipped();
    await planFault(simulator, 'settlement', 'held-for-a-day');
    expect(await receive(outTradeNo)).toMatchObject({ json: { push: null } });
    expect(await stateOf(transactionId)).toBe(6);
    expect(await merchantOrder(outTradeNo)).toMatchObject({ frozenFen: 1800, settledFen: 0 });
    await simulator.advanceClock(DAY_MS);
    expect(await stateOf(transactionId)).toBe(4);
  });

  test('takes a refund from the frozen money before, and from the settled money afterwards', async () => {
    const { outTradeNo, transactionId } = await shipped();
    await refund(outTradeNo, 300);
    expect(await merchantOrder(outTradeNo)).toMatchObject({ frozenFen: 1800, refunds: [{ status: 'PROCESSING' }] });
    await simulator.advanceClock(2_000);
    expect(await merchantOrder(outTradeNo)).toMatchObject({ frozenFen: 1500, settledFen: 0 });
    expect(await stateOf(transactionId)).toBe(2);
    await receive(outTradeNo);
    await refund(outTradeNo, 500);
    await simulator.advanceClock(2_000);
    expect(await merchantOrder(outTradeNo)).toMatchObject({ frozenFen: 0, settledFen: 1000 });
    expect(await stateOf(transactionId)).toBe(4);
  });

  test('ends with a refund of the whole order', async () => {
    const { outTradeNo, transactionId } = await shipped();
    await refund(outTradeNo, 1800);
    await simulator.advanceClock(2_000);
    expect(await merchantOrder(outTradeNo)).toMatchObject({ frozenFen: 0, settledFen: 0 });
    expect(await receive(outTradeNo)).toMatchObject({ status: 409 });
    await simulator.advanceClock(20 * DAY_MS);
    expect(await stateOf(transactionId)).toBe(5);
    expect(pushesOf('trade_manage_order_settlement')).toHaveLength(1);
  });

  test('does not hold the money of other payments', async () => {
    const official = { appid: settings.official.appId, payer: { openid: user.openIds.official } };
    const order = await paid(official);
    expect(await merchantOrder(order.outTradeNo)).toMatchObject({ frozenFen: 0, settledFen: 1800, shipping: null });
    expect(await ship(order.transactionId)).toMatchObject({ errcode: 10060001 });
    await call(simulator, 'POST', '/_merchant/trade', { managed: false });
    const free = await paid();
    expect(await merchantOrder(free.outTradeNo)).toMatchObject({ frozenFen: 0, settledFen: 1800, shipping: null });
    expect(await post('is_trade_managed', { appid: settings.miniapp.appId })).toMatchObject({
      is_trade_managed: false,
    });
  });
});
