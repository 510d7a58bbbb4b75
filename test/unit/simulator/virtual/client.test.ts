// wx.requestVirtualPayment: the checks of the client, and the delivery push.
import { describe, expect, test } from 'vitest';
import { virtual } from '../settings.ts';
import { call, logIn, phoneAction } from '../support.ts';
import { accepted, newNumber, rejected, useVirtualShop } from './support.ts';

const { simulator, receiver, user, request, pay, buy, query, show, pushes } = useVirtualShop();
const sessionKey = async () => (await logIn(simulator, user)).session_key as string;

describe('a payment', () => {
  test('creates a delivered order, and the push has exactly the documented fields', async () => {
    receiver.answer = () => accepted;
    const { outTradeNo, transactionId, notify } = await buy();
    expect(notify).toEqual(accepted);
    const { order } = await query({ order_id: outTradeNo });
    expect(order).toMatchObject({ status: 4, wxpay_order_id: transactionId, order_fee: 300, paid_fee: 300 });
    expect(pushes('xpay_goods_deliver_notify')).toEqual([
      {
        ToUserName: expect.stringMatching(/^gh_/),
        FromUserName: expect.stringMatching(/^oSystem/),
        CreateTime: expect.any(Number),
        MsgType: 'event',
        Event: 'xpay_goods_deliver_notify',
        OpenId: user.openIds.miniapp,
        OutTradeNo: outTradeNo,
        Env: 0,
        WeChatPayInfo: {
          MchOrderNo: order.channel_order_id,
          TransactionId: transactionId,
          PaidTime: order.paid_time,
        },
        GoodsInfo: { ProductId: 'top-up', Quantity: 3, OrigPrice: 300, ActualPrice: 300, Attach: 'a' },
        RetryTimes: 0,
      },
    ]);
  });

  test('by Apple has neither WeChatPayInfo nor a number of WeChat Pay', async () => {
    const { outTradeNo, transactionId } = await buy({}, { apple: true });
    const { order } = await query({ order_id: outTradeNo });
    expect(order).not.toHaveProperty('wxpay_order_id');
    expect(order).toMatchObject({ wx_order_id: transactionId, paid_fee: 300 });
    expect(pushes('xpay_goods_deliver_notify')[0]).not.toHaveProperty('WeChatPayInfo');
  });

  test('by a user who cancels leaves an unpaid order, whose number cannot be used again', async () => {
    const outTradeNo = newNumber();
    expect(await buy({ outTradeNo }, { cancel: true })).toMatchObject({ errCode: -2 });
    expect((await query({ order_id: outTradeNo })).order).toMatchObject({ status: 1, paid_fee: 0, left_fee: 0 });
    expect(await buy({ outTradeNo })).toMatchObject({ errCode: -15002 });
    expect(receiver.received).toHaveLength(0);
  });

  test('in the sandbox sends no push', async () => {
    const { outTradeNo, notify } = await buy({ env: 1 }, {}, virtual.sandboxAppKey);
    expect(notify).toBeNull();
    expect(receiver.received).toHaveLength(0);
    expect(await query({ order_id: outTradeNo })).toMatchObject({ errcode: 268490002 });
    expect((await show()).orders).toMatchObject([{ outTradeNo, env: 1, status: 2 }]);
    expect(await buy({ env: 1 }, { apple: true }, virtual.sandboxAppKey)).toMatchObject({ errCode: -15011 });
  });
});

describe('the client rejects', () => {
  test.each<[number, object]>([
    [-15001, { buyQuantity: 0 }],
    [-15001, { buyQuantity: '1' }],
    [-15001, { outTradeNo: '_order-1234' }],
    [-15001, { outTradeNo: 'short' }],
    [-15001, { attach: undefined }],
    [-15001, { offerId: '1' }],
    [-15004, { currencyType: 'USD' }],
    [-15006, { env: 1 }],
    [-15010, { productId: 'unknown' }],
    [-15011, { env: 2 }],
    [-15013, { goodsPrice: 99 }],
  ])('errCode %i for signData with %j', async (errCode, changes) => {
    const { status, json } = await pay(request(await sessionKey(), changes));
    const message = expect.stringContaining(`requestVirtualPayment:fail errCode ${errCode}`);
    expect({ status, json }).toEqual({ status: 403, json: { error: 'VIRTUAL_PAYMENT_FAILED', message, errCode } });
    expect((await show()).orders).toEqual([]);
  });

  test.each<[number, object]>([
    [-15001, { mode: 'short_series_coin' }],
    [-15001, { paySig: undefined }],
    [-15005, { signature: '0'.repeat(64) }],
    [-15006, { paySig: '0'.repeat(64) }],
    [
      -15006,
      {
        signData:
          '{"env":0,"offerId":"","currencyType":"","productId":"","outTradeNo":"","attach":"","buyQuantity":1,"goodsPrice":1}',
      },
    ],
    [-15016, { signData: '[1]' }],
    [-15016, { signData: '{' }],
  ])('errCode %i for a call with %j', async (errCode, change) => {
    expect(await pay({ ...request(await sessionKey()), ...change })).toMatchObject({ json: { errCode } });
  });

  test('a signature with the session key of an earlier login, or before the first login', async () => {
    expect(await pay(request('key'))).toMatchObject({ json: { errCode: -15007 } });
    const old = await sessionKey();
    await phoneAction(simulator, user, 'login-code');
    expect(await pay(request(old))).toMatchObject({ json: { errCode: -15007 } });
    expect(await pay(request(await sessionKey()))).toMatchObject({ status: 200 });
  });
});

describe('the delivery push', () => {
  test.each([rejected, { status: 500, body: '' }])('is repeated after %j until it is accepted', async (answer) => {
    receiver.answer = (index) => (index < 3 ? answer : accepted);
    const { outTradeNo } = await buy();
    expect((await query({ order_id: outTradeNo })).order).toMatchObject({ status: 2, provide_time: 0 });
    await simulator.advanceClock(2_000 + 4_000 + 8_000);
    expect(pushes('xpay_goods_deliver_notify').map(({ RetryTimes }) => RetryTimes)).toEqual([0, 1, 2, 3]);
    expect((await query({ order_id: outTradeNo })).order.status).toBe(4);
    await simulator.advanceClock(60_000);
    expect(receiver.received).toHaveLength(4);
  });

  test('is repeated when its answer is lost', async () => {
    receiver.answer = () => accepted;
    await call(simulator, 'POST', '/_faults', { target: 'virtual-push', action: 'lost-answer' });
    const { outTradeNo, notify } = await buy();
    expect(notify).toMatchObject({ status: null });
    expect((await query({ order_id: outTradeNo })).order.status).toBe(2);
    await simulator.advanceClock(2_000);
    expect(receiver.received).toHaveLength(2);
    expect((await query({ order_id: outTradeNo })).order.status).toBe(4);
  });

  test.each([
    ['no-push', 0],
    ['duplicate', 2],
    ['late', 0],
  ])('is lost, repeated or a day late: %s', async (action, count) => {
    await call(simulator, 'POST', '/_faults', { target: 'virtual-push', action });
    await buy();
    expect(receiver.received).toHaveLength(count);
    await simulator.advanceClock(86_400_000);
    expect(receiver.received).toHaveLength(action === 'late' ? 1 : count);
  });

  test('has the price of one good as a variant', async () => {
    await call(simulator, 'POST', '/_faults', { target: 'virtual-push', action: 'unit-price' });
    await buy();
    expect(pushes('xpay_goods_deliver_notify')[0].GoodsInfo).toMatchObject({ OrigPrice: 100, ActualPrice: 100 });
  });
});
