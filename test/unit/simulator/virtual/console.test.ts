// The console, complaints, and the pushes that WeChat and Apple cause.
import { describe, expect, test } from 'vitest';
import { call, newUser, phoneAction } from '../support.ts';
import { startFurtherSimulator } from '../fixture.ts';
import { accepted, useVirtualShop } from './support.ts';

const { simulator, receiver, user, buy, post, query, refund, act, pushes, show } = useVirtualShop();

describe('the console', () => {
  test('refunds without a number of the merchant', async () => {
    const { outTradeNo } = await buy();
    expect(await act('console-refund', { outTradeNo, amountFen: 301 })).toMatchObject({ status: 409 });
    expect(await act('console-refund', { outTradeNo, amountFen: 100 })).toMatchObject({ status: 200 });
    const [push] = pushes('xpay_refund_notify');
    expect(push).toMatchObject({ RefundFee: 100, RetCode: 0, MchOrderId: outTradeNo });
    expect(push).not.toHaveProperty('MchRefundId');
    const { order } = await query({ wx_order_id: push.WxRefundId });
    expect(order).toMatchObject({ status: 8, refund_fee: 100, order_id: '' });
    expect(await refund(outTradeNo)).toMatchObject({ errcode: 268490016 });
  });

  test('sends the delivery push again, with a count or with changed fields', async () => {
    receiver.answer = () => accepted;
    const { outTradeNo } = await buy();
    expect(await act('redeliver', { outTradeNo })).toMatchObject({ json: accepted });
    const fields = { Env: 1, WeChatPayInfo: null, GoodsInfo: { Quantity: 4 } };
    expect(await act('forge', { outTradeNo, fields })).toMatchObject({ json: accepted });
    const [first, second, forged] = pushes('xpay_goods_deliver_notify');
    expect(second).toEqual({ ...first, CreateTime: second.CreateTime, RetryTimes: 1 });
    expect(forged).toMatchObject({ Env: 1, OutTradeNo: outTradeNo, GoodsInfo: { ...first.GoodsInfo, Quantity: 4 } });
    expect(forged).not.toHaveProperty('WeChatPayInfo');
  });

  test('explains calls that it cannot carry out', async () => {
    expect(await act('unknown', {})).toMatchObject({ status: 400 });
    expect(await act('redeliver', { outTradeNo: 'order-unknown' })).toMatchObject({ status: 404 });
    expect(await act('settle-refund', { refundOrderId: 'refund-unknown' })).toMatchObject({ status: 404 });
    const { outTradeNo } = await buy();
    expect(await act('apple-refund', { outTradeNo })).toMatchObject({ status: 409 });
    expect(await act('close', { outTradeNo })).toMatchObject({ status: 409 });
    await refund(outTradeNo);
    await act('settle-refund', { refundOrderId: `refund-${outTradeNo}` });
    expect(await act('settle-refund', { refundOrderId: `refund-${outTradeNo}` })).toMatchObject({ status: 409 });
    await simulator.advanceClock(1_000);
    expect(pushes('xpay_refund_notify')).toHaveLength(1);
  });

  test('does not exist for a mini-program without virtual payment', async () => {
    const closed = await startFurtherSimulator({ virtual: undefined });
    expect((await call(closed, 'GET', '/_merchant/virtual')).status).toBe(409);
    const { json } = await phoneAction(closed, await newUser(closed), 'pay', { virtual: {} });
    expect(json).toMatchObject({ errCode: -15008 });
  });
});

describe('Apple', () => {
  test('returns the money, which the merchant cannot', async () => {
    const { outTradeNo } = await buy({}, { apple: true });
    expect(await refund(outTradeNo)).toMatchObject({ errcode: 268490013 });
    await act('apple-refund', { outTradeNo });
    const [push] = pushes('xpay_refund_notify');
    expect(push).toMatchObject({ RefundFee: 300, RetCode: 0, WxpayRefundTransactionId: '' });
    expect(push).not.toHaveProperty('MchRefundId');
    expect((await query({ order_id: outTradeNo })).order).toMatchObject({ status: 5, left_fee: 0 });
  });

  test('asks about an order three times more until the answer is valid', async () => {
    receiver.answer = () => ({ status: 200, body: '{"ErrCode":0}' });
    expect(await act('apple-question', { outTradeNo: 'order-unknown' })).toMatchObject({ json: { status: 200 } });
    await simulator.advanceClock(60_000);
    const asked = pushes('xpay_subscribe_ios_refund_query_notify');
    expect(asked).toHaveLength(4);
    expect(asked[0]).toMatchObject({ pay_order_id: 'order-unknown', provide_status: '0', product_id: '' });
  });
});

describe('a complaint', () => {
  const complain = async (outTradeNo: string, more: object = {}) =>
    phoneAction(simulator, user, 'complain', { outTradeNo, text: '没有收到宝石', ...more });
  const today = () => new Date(simulator.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  const list = async (more: object = {}) =>
    post('get_complaint_list', { env: 0, begin_date: today(), end_date: today(), offset: 0, limit: 10, ...more });

  test('is pushed and listed with the number of the merchant as wxa_out_trade_no', async () => {
    receiver.answer = () => accepted;
    const { outTradeNo, transactionId } = await buy();
    const { json } = await complain(outTradeNo, { refundFen: 300 });
    expect(json).toMatchObject({ complaintId: expect.any(String), push: accepted });
    const { order } = await query({ order_id: outTradeNo });
    expect(pushes('xpay_complaint_notify')).toMatchObject([
      { OpenId: user.openIds.miniapp, MchOrderId: outTradeNo, WxOrderId: order.wx_order_id, RetryTimes: 0 },
    ]);
    const { total, complaints } = await list();
    expect(total).toBe(1);
    expect(complaints).toMatchObject([
      {
        complaint_id: json.complaintId,
        complaint_time: expect.stringMatching(/\+08:00$/),
        complaint_detail: '没有收到宝石',
        complaint_state: 'PENDING',
        payer_openid: user.openIds.miniapp,
        complaint_order_info: [
          {
            transaction_id: transactionId,
            out_trade_no: order.channel_order_id,
            wxa_out_trade_no: outTradeNo,
            wx_order_id: order.wx_order_id,
            amount: 300,
          },
        ],
        problem_type: 'REFUND',
        apply_refund_amount: 300,
        complaint_full_refunded: false,
      },
    ]);
    const detail = await post('get_complaint_detail', { env: 0, complaint_id: json.complaintId });
    expect(detail.complaint).toEqual(complaints[0]);
  });

  test('is answered and completed, which its history shows', async () => {
    const { outTradeNo } = await buy();
    const { complaintId } = (await complain(outTradeNo)).json;
    const about = { env: 0, complaint_id: complaintId };
    expect((await complain(outTradeNo)).status).toBe(409);
    const reply = { ...about, response_content: '已补发' };
    expect(await post('response_complaint', reply)).toMatchObject({ errcode: 0 });
    expect((await list()).complaints).toMatchObject([{ complaint_state: 'PROCESSING' }]);
    expect(await post('complete_complaint', about)).toMatchObject({ errcode: 0 });
    expect((await list()).complaints).toMatchObject([{ complaint_state: 'PROCESSED' }]);
    expect(await post('response_complaint', reply)).toMatchObject({ errcode: 268490002 });
    const history = await post('get_negotiation_history', { ...about, offset: 1, limit: 1 });
    expect(history).toMatchObject({
      total: 3,
      history: [{ operator: '商户', operate_type: 'MERCHANT_RESPONSE', operate_details: '已补发' }],
    });
    expect((await show()).complaints).toMatchObject([{ complaintId, outTradeNo, state: 'PROCESSED' }]);
  });

  test('is listed by its day, and needs a paid order of the user', async () => {
    const { outTradeNo } = await buy();
    await complain(outTradeNo);
    await simulator.advanceClock(86_400_000);
    expect(await list()).toMatchObject({ total: 0, complaints: [] });
    expect(await list({ begin_date: '2020-01-01' })).toMatchObject({ total: 1 });
    expect(await list({ begin_date: '20200101' })).toMatchObject({ errcode: 268490002 });
    expect(await list({ limit: 0 })).toMatchObject({ errcode: 268490002 });
    const unknown = { env: 0, complaint_id: '1' };
    expect(await post('complete_complaint', unknown)).toMatchObject({ errcode: 268490002 });
    await buy({ outTradeNo: 'order-unpaid' }, { cancel: true });
    expect((await complain('order-unpaid')).status).toBe(404);
    const other = await newUser(simulator);
    expect((await phoneAction(simulator, other, 'complain', { outTradeNo, text: '投诉' })).status).toBe(404);
  });
});
