import { expect, test } from 'vitest';
import { call, jsapi, orderBody, payCall, payOrder, planFault } from '../support.ts';
import { openReqInfo, readXml, refunds, useMerchant, v2Call, v2Order } from './support.ts';

const { simulator, receiver, paymentReceiver, user } = useMerchant();

const unpaidOrder = async () => {
  const body = orderBody(user);
  await payCall(simulator, { path: jsapi, body });
  return body.out_trade_no;
};
const paidOrder = async () => (await payOrder(simulator, user, { notify_url: paymentReceiver.url })).outTradeNo;
const refund = (outTradeNo: string, amountFen: unknown, more: object = {}) =>
  call(simulator, 'POST', '/_merchant/refunds', { outTradeNo, amountFen, ...more });
const settle = (outRefundNo: string, status?: string) =>
  call(simulator, 'POST', `/_merchant/refunds/${outRefundNo}`, { status });
const orders = async () => (await call(simulator, 'GET', '/_merchant/orders')).json;
const state = async () => (await orders())[0].state;

test('a manual refund has a number of the merchant platform, and is notified in API v2', async () => {
  const outTradeNo = await paidOrder();
  const { status, json } = await refund(outTradeNo, 500, { reason: 'cold' });
  expect([status, Object.keys(json)]).toEqual([201, ['outRefundNo', 'refundId']]);
  await simulator.advanceClock(1_000);
  expect(openReqInfo(readXml(receiver.received[0]!.body).req_info ?? '')).toMatchObject({
    out_trade_no: outTradeNo,
    out_refund_no: json.outRefundNo,
    refund_id: json.refundId,
    refund_fee: '500',
    refund_status: 'SUCCESS',
    refund_request_source: 'VENDOR_PLATFORM',
  });
  const found = await payCall(simulator, { method: 'GET', path: `${refunds}/${json.outRefundNo}` });
  expect(found.json).toMatchObject({ status: 'SUCCESS', amount: { refund: 500 } });
});

test('rejects an impossible refund with the error code of the API', async () => {
  const outTradeNo = await paidOrder();
  const unpaid = await unpaidOrder();
  for (const [number, fen, expected] of [
    ['T99999999', 1, [404, 'ORDER_NOT_EXIST']],
    [unpaid, 1, [400, 'INVALID_REQUEST']],
    [outTradeNo, 1801, [400, 'INVALID_REQUEST']],
    [outTradeNo, 0, [400, 'PARAM_ERROR']],
    [outTradeNo, '5', [400, 'PARAM_ERROR']],
  ] as const) {
    const { status, json } = await refund(number, fen);
    expect([status, json.error]).toEqual(expected);
  }
});

test('lists the state of each order', async () => {
  const outTradeNo = await paidOrder();
  expect(await state()).toBe('paid');
  const first = (await refund(outTradeNo, 800)).json;
  expect(await state()).toBe('refunding');
  await simulator.advanceClock(1_000);
  expect(await state()).toBe('partly refunded');
  await refund(outTradeNo, 1000, { reason: 'cold' });
  await simulator.advanceClock(1_000);
  const unpaid = await unpaidOrder();
  const v2 = v2Order(user);
  await v2Call(simulator, '/pay/unifiedorder', v2);
  await v2Call(simulator, '/pay/closeorder', { out_trade_no: v2.out_trade_no });
  expect(await orders()).toMatchObject([
    {
      outTradeNo,
      api: 'v3',
      tradeType: 'JSAPI',
      description: '一杯咖啡',
      amountFen: 1800,
      refundedFen: 1800,
      state: 'refunded',
      transactionId: expect.stringMatching(/^\d{28}$/),
      refunds: [
        { outRefundNo: first.outRefundNo, amountFen: 800, status: 'SUCCESS', byHand: true },
        { amountFen: 1000, status: 'SUCCESS', reason: 'cold' },
      ],
    },
    { outTradeNo: unpaid, state: 'unpaid', refunds: [] },
    { outTradeNo: v2.out_trade_no, api: 'v2', state: 'closed' },
  ]);
});

test('a manual settlement of an abnormal refund is notified', async () => {
  const outTradeNo = await paidOrder();
  await planFault(simulator, 'refund', 'refund-abnormal');
  const { outRefundNo } = (await refund(outTradeNo, 1800)).json;
  await simulator.advanceClock(1_000);
  expect(await state()).toBe('refunding');
  const { status, json } = await settle(outRefundNo, 'SUCCESS');
  expect([status, json.status, json.notify.status]).toEqual([200, 'SUCCESS', 200]);
  expect(await state()).toBe('refunded');
  const notified = receiver.received.map(({ body }) => openReqInfo(readXml(body).req_info ?? '').refund_status);
  expect(notified).toEqual(['CHANGE', 'SUCCESS']);
  const again = await settle(outRefundNo, 'CLOSED');
  expect([again.status, again.json.error]).toEqual([409, 'REFUND_SETTLED']);
});

test('a manual settlement replaces the automatic one', async () => {
  const outTradeNo = await paidOrder();
  const { outRefundNo } = (await refund(outTradeNo, 1800)).json;
  await settle(outRefundNo, 'CLOSED');
  await simulator.advanceClock(1_000);
  expect((await orders())[0].refunds[0].status).toBe('CLOSED');
  expect([receiver.received.length, await state()]).toEqual([1, 'paid']);
  expect((await settle(outRefundNo, 'SUCCESS')).status).toBe(409);
});

test('settling requires a known number and a final status', async () => {
  const outTradeNo = await paidOrder();
  const { outRefundNo } = (await refund(outTradeNo, 1)).json;
  for (const status of [undefined, 'PROCESSING']) expect((await settle(outRefundNo, status)).status).toBe(400);
  expect((await settle('R9', 'SUCCESS')).status).toBe(404);
  expect((await call(simulator, 'GET', `/_merchant/refunds/${outRefundNo}`)).status).toBe(404);
});
