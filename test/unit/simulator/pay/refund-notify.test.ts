import { expect, test } from 'vitest';
import { startFurtherSimulator } from '../fixture.ts';
import { settings } from '../settings.ts';
import { call, newUser, openEnvelope, payOrder, planFault, platformSigned } from '../support.ts';
import { accepted, openReqInfo, readXml, refundOrder, useMerchant } from './support.ts';

const { simulator, receiver, paymentReceiver, user } = useMerchant();

const paidOrder = () => payOrder(simulator, user, { notify_url: paymentReceiver.url });
const refund = (outTradeNo: string, more?: object) => refundOrder(simulator, outTradeNo, more);

test('a refund with a notify_url is notified in API v3, signed, without currency', async () => {
  const { outTradeNo, transactionId } = await paidOrder();
  const { refund_id: refundId } = await refund(outTradeNo, { notify_url: receiver.url });
  expect(receiver.received).toHaveLength(1);
  const { headers, body } = receiver.received[0]!;
  expect(platformSigned(headers, body)).toBe(true);
  const { envelope, transaction: notified } = openEnvelope(body);
  expect(envelope).toMatchObject({ event_type: 'REFUND.SUCCESS', resource: { original_type: 'refund' } });
  expect(notified).toEqual({
    mchid: settings.pay.mchId,
    transaction_id: transactionId,
    out_trade_no: outTradeNo,
    refund_id: refundId,
    out_refund_no: 'R1',
    refund_status: 'SUCCESS',
    success_time: expect.stringMatching(/\+08:00$/),
    user_received_account: '支付用户零钱',
    amount: { total: 1800, refund: 700, payer_total: 1800, payer_refund: 700 },
  });
});

test.each([
  ['refund-closed', 'CLOSED', 'REFUNDCLOSE'],
  ['refund-abnormal', 'ABNORMAL', 'CHANGE'],
])('%s is notified in both protocols, without a success time', async (fault, status, v2Status) => {
  const { outTradeNo } = await paidOrder();
  await planFault(simulator, 'refund', fault, 2);
  await refund(outTradeNo, { notify_url: receiver.url });
  const { envelope, transaction: notified } = openEnvelope(receiver.received[0]!.body);
  expect([envelope.event_type, notified.refund_status, notified.success_time]).toEqual([
    `REFUND.${status}`,
    status,
    undefined,
  ]);
  await refund(outTradeNo, { out_refund_no: 'R2' });
  const info = openReqInfo(readXml(receiver.received[1]!.body).req_info ?? '');
  expect([info.refund_status, info.success_time]).toEqual([v2Status, undefined]);
});

test('a refund without a notify_url is notified in API v2 to the refund callback URL, encrypted and not signed', async () => {
  const { outTradeNo, transactionId } = await paidOrder();
  const { refund_id: refundId } = await refund(outTradeNo);
  const { req_info: reqInfo = '', ...outer } = readXml(receiver.received[0]!.body);
  expect(outer).toEqual({
    return_code: 'SUCCESS',
    return_msg: 'OK',
    appid: settings.miniapp.appId,
    mch_id: settings.pay.mchId,
    nonce_str: expect.any(String),
  });
  expect(openReqInfo(reqInfo)).toEqual({
    transaction_id: transactionId,
    out_trade_no: outTradeNo,
    refund_id: refundId,
    out_refund_no: 'R1',
    total_fee: '1800',
    settlement_total_fee: '1800',
    refund_fee: '700',
    settlement_refund_fee: '700',
    refund_status: 'SUCCESS',
    success_time: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    refund_recv_accout: '支付用户零钱',
    refund_account: 'REFUND_SOURCE_UNSETTLED_FUNDS',
    refund_request_source: 'API',
  });
});

test('retries, drops and probes apply to refund notifications', async () => {
  const { outTradeNo } = await paidOrder();
  await planFault(simulator, 'notify', 'drop-notify');
  await planFault(simulator, 'notify', 'probe-notify');
  await refund(outTradeNo, { notify_url: receiver.url });
  expect(receiver.received).toEqual([]);
  await simulator.advanceClock(15_000);
  const genuine = receiver.received.map(({ headers, body }) => platformSigned(headers, body));
  expect(genuine).toEqual([false, true]);
});

test('unsigned-notify omits the signature headers', async () => {
  const { outTradeNo } = await paidOrder();
  await planFault(simulator, 'notify', 'unsigned-notify');
  await refund(outTradeNo, { notify_url: receiver.url });
  const names = Object.keys(receiver.received[0]!.headers);
  expect(names.filter((name) => name.startsWith('wechatpay-'))).toEqual([]);
});

test('tamper-notify changes req_info; the genuine notification follows', async () => {
  const { outTradeNo } = await paidOrder();
  await planFault(simulator, 'notify', 'tamper-notify');
  receiver.answer = (index) => (index === 0 ? { status: 400 } : { status: 200, body: accepted });
  await refund(outTradeNo);
  await simulator.advanceClock(15_000);
  const [bad = '', good = ''] = receiver.received.map(({ body }) => readXml(body).req_info);
  const differing = [...Buffer.from(good, 'base64')].filter((byte, at) => Buffer.from(bad, 'base64')[at] !== byte);
  expect(differing).toHaveLength(1);
  expect(openReqInfo(good).out_refund_no).toBe('R1');
});

test('sends no notification without a refund callback URL or without an API v2 key', async () => {
  for (const pay of [{ refundCallbackUrl: receiver.url, apiV2Key: '' }, {}]) {
    const other = await startFurtherSimulator({ pay });
    const { outTradeNo } = await payOrder(other, await newUser(other), { notify_url: paymentReceiver.url });
    await refundOrder(other, outTradeNo);
    expect((await call(other, 'GET', '/_merchant/orders')).json[0].refunds[0].status).toBe('SUCCESS');
  }
  expect(receiver.received).toEqual([]);
});
