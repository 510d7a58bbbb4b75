import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSimulator } from '../../../../infra/simulator/simulator.ts';
import type { Simulator } from '../../../../infra/simulator/simulator.ts';
import {
  call,
  jsapi,
  newPerson,
  openEnvelope,
  orderBody,
  payCall,
  platformSigned,
  settings,
  usePhone,
} from '../support.ts';
import type { Person, Receiver } from '../support.ts';
import { accepted, openReqInfo, plan, readXml, refunds, startMerchant } from './support.ts';

let simulator: Simulator;
let receiver: Receiver;
/** For the notifications of payments, which are not looked at here. */
let till: Receiver;
let person: Person;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ simulator, receiver, till, person, close } = await startMerchant());
});
afterEach(() => close());

const paidOrder = async () => {
  const body = orderBody(person, { notify_url: till.url });
  const { prepay_id: prepayId } = (await payCall(simulator, { path: jsapi, body })).json;
  const { transactionId } = (await usePhone(simulator, person, 'pay', { prepayId })).json;
  return { outTradeNo: body.out_trade_no, transactionId };
};
const refund = async (outTradeNo: string, more: object = {}) => {
  const amount = { refund: 700, total: 1800, currency: 'CNY' };
  const body = { out_trade_no: outTradeNo, out_refund_no: 'R1', amount, ...more };
  const { json } = await payCall(simulator, { path: refunds, body });
  await simulator.advanceClock(1_000);
  return json;
};

test('with a notify_url of its own: v3, signed, without currency', async () => {
  const { outTradeNo, transactionId } = await paidOrder();
  const { refund_id: refundId } = await refund(outTradeNo, { notify_url: receiver.url });
  expect(receiver.received).toHaveLength(1);
  const { headers, body } = receiver.received[0]!;
  expect(platformSigned(headers, body)).toBe(true);
  const { envelope, transaction: told } = openEnvelope(body);
  expect(envelope).toMatchObject({ event_type: 'REFUND.SUCCESS', resource: { original_type: 'refund' } });
  expect(told).toEqual({
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
])('%s is told in both protocols, without a success time', async (fault, status, v2Status) => {
  const { outTradeNo } = await paidOrder();
  await plan(simulator, 'refund', fault, 2);
  await refund(outTradeNo, { notify_url: receiver.url });
  const { envelope, transaction: told } = openEnvelope(receiver.received[0]!.body);
  expect([envelope.event_type, told.refund_status, told.success_time]).toEqual([`REFUND.${status}`, status, undefined]);
  await refund(outTradeNo, { out_refund_no: 'R2' });
  const info = openReqInfo(readXml(receiver.received[1]!.body).req_info ?? '');
  expect([info.refund_status, info.success_time]).toEqual([v2Status, undefined]);
});

test('without one: v2 XML to the console address, encrypted and not signed', async () => {
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

test('retries, drops and probes go for refunds too', async () => {
  const { outTradeNo } = await paidOrder();
  await plan(simulator, 'notify', 'drop-notify');
  await plan(simulator, 'notify', 'probe-notify');
  await refund(outTradeNo, { notify_url: receiver.url });
  expect(receiver.received).toEqual([]);
  await simulator.advanceClock(15_000);
  const genuine = receiver.received.map(({ headers, body }) => platformSigned(headers, body));
  expect(genuine).toEqual([false, true]);
});

test('unsigned-notify leaves the signature out', async () => {
  const { outTradeNo } = await paidOrder();
  await plan(simulator, 'notify', 'unsigned-notify');
  await refund(outTradeNo, { notify_url: receiver.url });
  const names = Object.keys(receiver.received[0]!.headers);
  expect(names.filter((name) => name.startsWith('wechatpay-'))).toEqual([]);
});

test('tamper-notify breaks req_info: the genuine one follows', async () => {
  const { outTradeNo } = await paidOrder();
  await plan(simulator, 'notify', 'tamper-notify');
  receiver.answer = (index) => (index === 0 ? { status: 400 } : { status: 200, body: accepted });
  await refund(outTradeNo);
  await simulator.advanceClock(15_000);
  const [bad = '', good = ''] = receiver.received.map(({ body }) => readXml(body).req_info);
  const differing = [...Buffer.from(good, 'base64')].filter((byte, at) => Buffer.from(bad, 'base64')[at] !== byte);
  expect(differing).toHaveLength(1);
  expect(openReqInfo(good).out_refund_no).toBe('R1');
});

test('a merchant without a console address, or without a v2 key, hears nothing', async () => {
  const keyless = { ...settings.pay, refundCallbackUrl: receiver.url, apiV2Key: '' };
  for (const pay of [keyless, settings.pay]) {
    const deaf = await startSimulator({ ...settings, pay });
    simulator = (await simulator.close(), deaf);
    person = await newPerson(deaf);
    const { outTradeNo } = await paidOrder();
    await refund(outTradeNo);
    expect((await call(deaf, 'GET', '/_merchant/orders')).json[0].refunds[0].status).toBe('SUCCESS');
  }
  expect(receiver.received).toEqual([]);
});
