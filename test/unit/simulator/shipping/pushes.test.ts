// The pushes about orders and about the mini-program.
import { describe, expect, test } from 'vitest';
import { settings } from '../settings.ts';
import { call, jsapi, orderBody, payCall, phoneAction, planFault } from '../support.ts';
import { DAY_MS, useTrade } from './support.ts';

const { simulator, user, pushes, pushesOf, paid, ship, shipped, receive, refund } = useTrade();

describe('pushes', () => {
  test('remind of the API at the first payment, and daily until something is shipped', async () => {
    const { transactionId } = await paid();
    await paid();
    expect(pushesOf('trade_manage_remind_access_api')).toMatchObject([{ msg: expect.any(String) }]);
    await simulator.advanceClock(3 * DAY_MS);
    expect(pushesOf('trade_manage_remind_access_api')).toHaveLength(4);
    expect(pushesOf('trade_manage_remind_shipping')).toHaveLength(0);
    await ship(transactionId);
    const count = pushes().length;
    await simulator.advanceClock(3 * DAY_MS);
    expect(pushes()).toHaveLength(count);
  });

  test('remind of an order that is not shipped after 48 hours, once something was shipped', async () => {
    const { outTradeNo, transactionId } = await paid();
    const refunded = await paid();
    await shipped();
    await refund(refunded.outTradeNo, 1800);
    await simulator.advanceClock(2 * DAY_MS - 60_000);
    expect(pushesOf('trade_manage_remind_shipping')).toHaveLength(0);
    await simulator.advanceClock(60_000);
    expect(pushesOf('trade_manage_remind_shipping')).toMatchObject([
      { transaction_id: transactionId, merchant_trade_no: outTradeNo, merchant_id: settings.pay.mchId },
    ]);
  });

  test('remind of the API when the mini-program joins the management', async () => {
    for (const managed of [false, true, true]) await call(simulator, 'POST', '/_merchant/trade', { managed });
    expect(pushesOf('trade_manage_remind_access_api')).toHaveLength(1);
  });

  test.each([
    ['json', expect.any(Number)],
    ['xml', expect.stringMatching(/^\d+$/)],
  ])('about the settlement have exactly the documented fields in %s', async (format, number) => {
    await call(simulator, 'POST', '/_miniapp', { format });
    const { outTradeNo, transactionId } = await shipped();
    await receive(outTradeNo);
    const head = { ToUserName: expect.any(String), FromUserName: expect.any(String), MsgType: 'event' };
    const order = {
      ...head,
      CreateTime: number,
      Event: 'trade_manage_order_settlement',
      transaction_id: transactionId,
      merchant_id: settings.pay.mchId,
      sub_merchant_id: '',
      merchant_trade_no: outTradeNo,
      pay_time: number,
      shipped_time: number,
    };
    const end = { confirm_receive_method: number, confirm_receive_time: number, settlement_time: number };
    expect(pushesOf('trade_manage_order_settlement')).toEqual([
      { ...order, estimated_settlement_time: number },
      { ...order, ...end },
    ]);
  });

  test('have times as text as a variant', async () => {
    await planFault(simulator, 'trade-push', 'numbers-as-text');
    await shipped();
    expect(pushesOf('trade_manage_order_settlement')).toMatchObject([
      { pay_time: expect.stringMatching(/^\d{10}$/), estimated_settlement_time: expect.stringMatching(/^\d{10}$/) },
    ]);
  });

  test('are not sent without a callback URL', async () => {
    simulator.setMiniappCallbackUrl('');
    const { outTradeNo } = await shipped();
    expect(await receive(outTradeNo)).toMatchObject({ json: { push: { status: null } } });
    await simulator.advanceClock(3 * DAY_MS);
    const { json } = await call(simulator, 'GET', '/_log');
    const events = json.map(({ event = '' }: { event?: string }) => event);
    expect(events).toContain('TRANSACTION.SUCCESS');
    expect(events.filter((event: string) => event.startsWith('trade_manage'))).toEqual([]);
  });

  test.each([
    ['no-push', 0],
    ['duplicate', 2],
    ['late', 0],
  ])('about an order are lost, repeated or a day late: %s', async (action, count) => {
    await planFault(simulator, 'trade-push', action);
    await shipped();
    expect(pushesOf('trade_manage_order_settlement')).toHaveLength(count);
    await simulator.advanceClock(DAY_MS);
    expect(pushesOf('trade_manage_order_settlement')).toHaveLength(action === 'late' ? 1 : count);
  });

  test('announce a limit, which makes payments in the mini-program fail with errno 102', async () => {
    const { json } = await payCall(simulator, { path: jsapi, body: orderBody(user) });
    await call(simulator, 'POST', '/_merchant/trade', { limited: true });
    expect(pushesOf('wxa_trade_controlled')).toMatchObject([{ msg: expect.stringContaining('支付') }]);
    const pay = () => phoneAction(simulator, user, 'pay', { prepayId: json.prepay_id });
    expect(await pay()).toMatchObject({ status: 403, json: { message: expect.stringContaining('errno 102') } });
    await call(simulator, 'POST', '/_merchant/trade', { limited: false });
    expect(await pay()).toMatchObject({ status: 200 });
  });
});
