import { expect, test } from 'vitest';
import { settings } from '../settings.ts';
import { payCall, planFault } from '../support.ts';
import { openReqInfo, payV2Order, readXml, refunds, signV2, useMerchant, v2Call } from './support.ts';

const { simulator, receiver, paymentReceiver, user } = useMerchant();

const refund = (about: Record<string, string | undefined>) =>
  v2Call(simulator, '/secapi/pay/refund', { out_refund_no: 'R1', total_fee: '1800', refund_fee: '700', ...about });
const query = async (outRefundNo: string) =>
  (await v2Call(simulator, '/pay/refundquery', { out_refund_no: outRefundNo })).xml;

test.each(['MD5', 'HMAC-SHA256'])('accepts a refund signed with %s by either number of the order', async (signType) => {
  const { order, transactionId } = await payV2Order(simulator, user);
  const { xml } = await refund({ transaction_id: transactionId, sign_type: signType });
  expect(xml).toMatchObject({
    result_code: 'SUCCESS',
    transaction_id: transactionId,
    out_trade_no: order.out_trade_no,
    out_refund_no: 'R1',
    refund_id: expect.stringMatching(/^50\d{27}$/),
    refund_fee: '700',
    total_fee: '1800',
    cash_refund_fee: '700',
  });
  expect(xml.sign).toBe(signV2(xml, { type: signType }));
  const second = await refund({ out_trade_no: order.out_trade_no, out_refund_no: 'R2', op_user_id: '1' });
  expect(second.xml.result_code).toBe('SUCCESS');
  await simulator.advanceClock(1_000);
  expect(await query('R1')).toMatchObject({ refund_id_0: xml.refund_id, refund_status_0: 'SUCCESS' });
  const shown = await payCall(simulator, { method: 'GET', path: `${refunds}/R2` });
  expect(shown.json).toMatchObject({ status: 'SUCCESS', amount: { refund: 700 } });
});

test('returns the same refund for a repeated request, and an error for another amount', async () => {
  const { order } = await payV2Order(simulator, user);
  const about = { out_trade_no: order.out_trade_no };
  const { xml: first } = await refund(about);
  expect((await refund(about)).xml.refund_id).toBe(first.refund_id);
  expect((await refund({ ...about, refund_fee: '701' })).xml).toMatchObject({ result_code: 'FAIL' });
  expect((await query('R1')).refund_fee_0).toBe('700');
});

test.each([
  ['to the notify_url of the request', true],
  ['to the refund callback URL without a notify_url', false],
])('notifies the outcome in API v2, %s', async (_, named) => {
  const { order } = await payV2Order(simulator, user);
  const url = named ? paymentReceiver.url : undefined;
  await refund({ out_trade_no: order.out_trade_no, notify_url: url });
  await simulator.advanceClock(1_000);
  const [used, unused] = named ? [paymentReceiver, receiver] : [receiver, paymentReceiver];
  expect(unused.received).toEqual([]);
  const { req_info: reqInfo = '', mch_id: mchId } = readXml(used.received[0]!.body);
  expect(mchId).toBe(settings.pay.mchId);
  expect(openReqInfo(reqInfo)).toMatchObject({ out_refund_no: 'R1', refund_fee: '700', refund_status: 'SUCCESS' });
});

test('reports a balance that is too low as NOTENOUGH, and accepts the same number later', async () => {
  const { order } = await payV2Order(simulator, user);
  await planFault(simulator, 'refund', 'refund-not-enough');
  expect((await refund({ out_trade_no: order.out_trade_no })).xml.err_code).toBe('NOTENOUGH');
  expect((await refund({ out_trade_no: order.out_trade_no })).xml.result_code).toBe('SUCCESS');
});

test.each([
  ['out_refund_no', undefined],
  ['out_refund_no', 'R#'],
  ['refund_fee', undefined],
  ['refund_fee', '0'],
  ['total_fee', '18.00'],
  ['refund_fee_type', 'USD'],
  ['refund_account', 'AVAILABLE'],
  ['notify_url', 'https://example.com/?a=1'],
  ['out_trade_no', undefined],
  ['out_trade_no', 'T99999999'],
])('refuses a refund whose %s is %s', async (name, value) => {
  const { order } = await payV2Order(simulator, user);
  const { xml } = await refund({ out_trade_no: order.out_trade_no, [name]: value });
  expect(xml.refund_id).toBeUndefined();
  expect([xml.return_code, xml.result_code]).toContain('FAIL');
});
