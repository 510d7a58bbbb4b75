// The server calls about orders: signature, query, delivery, refund.
import { describe, expect, test } from 'vitest';
import { virtual } from '../settings.ts';
import { apiCall, call, newUser, planFault } from '../support.ts';
import { hmac, rejected, useVirtualShop } from './support.ts';

const { simulator, receiver, user, buy, post, about, query, refund, refundBody, act, pushes, show } = useVirtualShop();
const statusOf = async (orderId: string) => (await query({ order_id: orderId })).order.status;

describe('the signature of a call', () => {
  const text = () => JSON.stringify(about({ order_id: 'order-unknown' }));
  const send = async (pay_sig?: string, body = text()) =>
    (await apiCall(simulator, 'miniapp', '/xpay/query_order', { body, query: { ...(pay_sig && { pay_sig }) } })).json;

  test('is checked against the path and the exact body', async () => {
    expect(await send()).toMatchObject({
      errcode: 268490002,
      errmsg: expect.stringMatching(/^签名字段\[pay_sig\]为空 rid/),
    });
    expect(await send(hmac(virtual.liveAppKey, `/xpay/query_order&${text()} `))).toMatchObject({ errcode: 268490003 });
    expect(await send(hmac(virtual.liveAppKey, `/xpay/refund_order&${text()}`))).toMatchObject({ errcode: 268490003 });
    expect(await send(hmac(virtual.liveAppKey, `/xpay/query_order&${text()}`))).toMatchObject({ errcode: 268490002 });
  });

  test('needs the AppKey of the environment, and an access token of the mini-program', async () => {
    expect(await post('query_order', about({ order_id: 'x', env: 1 }))).toMatchObject({ errcode: 268490003 });
    expect(await post('query_order', about({ order_id: 'x', env: 2 }))).toMatchObject({ errcode: 268490002 });
    const { json } = await apiCall(simulator, 'official', '/xpay/query_order', { body: text() });
    expect(json).toMatchObject({ errcode: 40001 });
  });
});

describe('query_order', () => {
  test('finds an order by either number', async () => {
    const { outTradeNo } = await buy();
    const { order } = await query({ order_id: outTradeNo });
    expect(order).toEqual({
      ext: {},
      order_id: outTradeNo,
      wx_order_id: expect.stringMatching(/^VPO\d{21}$/),
      env_type: 1,
      biz_type: 1000,
      token: expect.any(String),
      order_type: 0,
      status: 4,
      order_fee: 300,
      paid_fee: 300,
      left_fee: 300,
      create_time: expect.any(Number),
      update_time: expect.any(Number),
      paid_time: expect.any(Number),
      provide_time: expect.any(Number),
      biz_meta: '{"attach":"a"}',
      channel_order_id: expect.any(String),
      wxpay_order_id: expect.stringMatching(/^\d{28}$/),
      sett_time: 0,
      sett_state: 3,
    });
    expect((await query({ wx_order_id: order.wx_order_id })).order).toEqual(order);
    const sandbox = { ...about({ order_id: outTradeNo }), env: 1 };
    expect(await post('query_order', sandbox, virtual.sandboxAppKey)).toMatchObject({ errcode: 268490002 });
  });

  test('has no data of an order that was never opened, and rejects another openid', async () => {
    const unknown = { errcode: 268490002, errmsg: expect.stringMatching(/^数据不存在 rid/) };
    expect(await query({ order_id: 'order-unknown' })).toMatchObject(unknown);
    const { outTradeNo } = await buy();
    const other = await newUser(simulator);
    for (const openid of [other.openIds.miniapp, user.openIds.official, undefined]) {
      expect(await query({ order_id: outTradeNo, openid })).toMatchObject({ errcode: 268490001 });
    }
    expect(await query({})).toMatchObject({ errcode: 268490002 });
  });

  test('reports a closed order with status 6', async () => {
    const { outTradeNo } = await buy({ outTradeNo: 'order-closed' }, { cancel: true });
    expect(await act('close', { outTradeNo: 'order-closed' })).toMatchObject({ status: 200 });
    expect(await statusOf('order-closed')).toBe(6);
    expect(outTradeNo).not.toBe('order-closed');
  });
});

describe('notify_provide_goods', () => {
  test('marks a paid order as delivered, and ends no repetition of the push', async () => {
    receiver.answer = () => rejected;
    const { outTradeNo } = await buy();
    expect(await statusOf(outTradeNo)).toBe(2);
    expect(await post('notify_provide_goods', { order_id: outTradeNo, env: 0 })).toMatchObject({ errcode: 0 });
    expect(await statusOf(outTradeNo)).toBe(4);
    expect(await post('notify_provide_goods', { order_id: outTradeNo, env: 0 })).toMatchObject({ errcode: 0 });
    await planFault(simulator, 'provide-goods', 'repeated');
    expect(await post('notify_provide_goods', { order_id: outTradeNo, env: 0 })).toMatchObject({ errcode: 268490004 });
    await simulator.advanceClock(2_000);
    expect(pushes('xpay_goods_deliver_notify')).toHaveLength(2);
  });

  test('rejects an unpaid order', async () => {
    await buy({ outTradeNo: 'order-unpaid' }, { cancel: true });
    const body = { order_id: 'order-unpaid', env: 0 };
    expect(await post('notify_provide_goods', body)).toMatchObject({ errcode: 268490002 });
  });
});

describe('refund_order', () => {
  test('refunds a part, then the rest, and reports each refund', async () => {
    const { outTradeNo } = await buy();
    const { order } = await query({ order_id: outTradeNo });
    expect(await refund(outTradeNo, { refund_order_id: 'refund-first', refund_fee: 100 })).toEqual({
      errcode: 0,
      errmsg: 'OK',
      refund_order_id: 'refund-first',
      refund_wx_order_id: expect.stringMatching(/^VPR\d{21}$/),
      pay_order_id: outTradeNo,
      pay_wx_order_id: order.wx_order_id,
    });
    expect((await query({ order_id: 'refund-first' })).order).toMatchObject({
      status: 1,
      order_type: 1,
      refund_fee: 100,
    });
    const early = { refund_order_id: 'refund-second', left_fee: 200, refund_fee: 200 };
    expect(await refund(outTradeNo, early)).toMatchObject({ errcode: 268490014 });
    await simulator.advanceClock(1_000);
    expect((await query({ order_id: 'refund-first' })).order).toMatchObject({ status: 8, refund_fee: 100 });
    expect((await query({ order_id: outTradeNo })).order).toMatchObject({ status: 4, left_fee: 200 });
    expect(await refund(outTradeNo, { ...early, left_fee: 300 })).toMatchObject({ errcode: 268490016 });
    expect(await refund(outTradeNo, early)).toMatchObject({ errcode: 0 });
    await simulator.advanceClock(1_000);
    expect((await query({ order_id: outTradeNo })).order).toMatchObject({ status: 5, left_fee: 0 });
    expect(await refund(outTradeNo, { refund_order_id: 'refund-third', left_fee: 0 })).toMatchObject({
      errcode: 268490013,
    });
    expect((await show()).orders).toMatchObject([{ refunds: [{ state: 'done' }, { state: 'done' }] }]);
  });

  test('returns the refund of the same number again, and refunds once', async () => {
    const { outTradeNo } = await buy();
    const first = await refund(outTradeNo);
    expect(await refund(outTradeNo)).toEqual(first);
    await simulator.advanceClock(1_000);
    expect(await refund(outTradeNo)).toEqual(first);
    const { order } = await query({ wx_order_id: first.refund_wx_order_id });
    expect(order).toMatchObject({ order_id: `refund-${outTradeNo}`, status: 8, refund_fee: 300 });
    expect(pushes('xpay_refund_notify')).toHaveLength(1);
  });

  test('is followed by a push with exactly the documented fields', async () => {
    const { outTradeNo } = await buy();
    const { refund_wx_order_id: refundId, pay_wx_order_id: orderId } = await refund(outTradeNo);
    await simulator.advanceClock(1_000);
    expect(pushes('xpay_refund_notify')).toEqual([
      {
        ToUserName: expect.any(String),
        FromUserName: expect.any(String),
        CreateTime: expect.any(Number),
        MsgType: 'event',
        Event: 'xpay_refund_notify',
        OpenId: user.openIds.miniapp,
        WxRefundId: refundId,
        MchRefundId: `refund-${outTradeNo}`,
        WxOrderId: orderId,
        MchOrderId: outTradeNo,
        RefundFee: 300,
        RetCode: 0,
        RetMsg: '退款成功',
        RefundStartTimestamp: expect.any(Number),
        RefundSuccTimestamp: expect.any(Number),
        WxpayRefundTransactionId: expect.stringMatching(/^5030\d+$/),
        RetryTimes: 0,
      },
    ]);
  });

  test.each(['fault', 'console'])('has status 7 when it fails, and gives the amount back (%s)', async (by) => {
    const { outTradeNo } = await buy();
    if (by === 'fault') await planFault(simulator, 'refund', 'refund-abnormal');
    await refund(outTradeNo);
    if (by === 'fault') await simulator.advanceClock(1_000);
    else await act('settle-refund', { refundOrderId: `refund-${outTradeNo}`, state: 'failed' });
    expect(await statusOf(`refund-${outTradeNo}`)).toBe(7);
    expect((await query({ order_id: outTradeNo })).order).toMatchObject({ status: 4, left_fee: 300 });
    await simulator.advanceClock(1_000);
    expect(pushes('xpay_refund_notify')).toMatchObject([{ RetCode: 1, RefundSuccTimestamp: 0 }]);
  });

  test.each<[number, object]>([
    [268490001, { openid: 'oUnknown' }],
    [268490002, { order_id: 'order-unknown' }],
    [268490002, { refund_order_id: 'short' }],
    [268490002, { refund_order_id: 'refund|number' }],
    [268490002, { refund_fee: 0 }],
    [268490002, { refund_fee: 301 }],
    [268490002, { refund_fee: 0.5 }],
    [268490002, { refund_reason: '6' }],
    [268490002, { req_from: '0' }],
    [268490002, { biz_meta: 'x'.repeat(1_025) }],
    [268490016, { left_fee: 299 }],
  ])('answers %i to %j', async (errcode, change) => {
    const { outTradeNo } = await buy();
    expect(await refund(outTradeNo, change)).toMatchObject({ errcode });
    expect((await show()).orders).toMatchObject([{ refunds: [] }]);
  });

  test('refuses payments by Apple, unpaid orders and payments of more than a year ago', async () => {
    const { outTradeNo } = await buy({}, { apple: true });
    expect(await refund(outTradeNo)).toMatchObject({ errcode: 268490013 });
    await buy({ outTradeNo: 'order-unpaid' }, { cancel: true });
    expect(await refund('order-unpaid', { left_fee: 0 })).toMatchObject({ errcode: 268490013 });
    const old = await buy();
    await simulator.advanceClock(366 * 86_400_000);
    expect(await refund(old.outTradeNo)).toMatchObject({ errcode: 268490013 });
  });

  test('takes effect when its answer is lost', async () => {
    const { outTradeNo } = await buy();
    await call(simulator, 'POST', '/_faults', { target: '/xpay/refund_order', action: 'accepted-5xx' });
    expect(await refund(outTradeNo)).toBeUndefined();
    expect(await post('refund_order', refundBody(outTradeNo))).toMatchObject({ errcode: 0 });
    expect((await show()).orders).toMatchObject([{ refunds: [{ amountFen: 300 }] }]);
  });
});

describe('doubtful answers of query_order', () => {
  test('report an order that is refunded in part as refunded, or have no left_fee', async () => {
    const { outTradeNo } = await buy();
    await act('console-refund', { outTradeNo, amountFen: 100 });
    await planFault(simulator, 'query-order', 'refunded-in-part');
    expect((await query({ order_id: outTradeNo })).order).toMatchObject({ status: 5, left_fee: 200 });
    await planFault(simulator, 'query-order', 'no-left-fee');
    expect((await query({ order_id: outTradeNo })).order).not.toHaveProperty('left_fee');
    expect((await query({ order_id: outTradeNo })).order).toMatchObject({ status: 4, left_fee: 200 });
  });
});
