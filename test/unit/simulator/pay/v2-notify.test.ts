import { expect, test } from 'vitest';
import { useReceiver, useSimulator, useWechatUser } from '../fixture.ts';
import { settings } from '../settings.ts';
import { planFault } from '../support.ts';
import { accepted, payV2Order, readXml, signV2 } from './support.ts';

const simulator = useSimulator();
const receiver = useReceiver(simulator, { status: 200, body: accepted });
const user = useWechatUser(simulator);

const payOne = (more: Record<string, string> = {}) =>
  payV2Order(simulator, user, { notify_url: receiver.url, ...more });
const notified = () => receiver.received.map(({ body }) => readXml(body));

test('a payment notification is XML with the field names of orderquery', async () => {
  const { order, transactionId, notify } = await payOne();
  expect(notify).toEqual({ status: 200, body: accepted });
  const [xml] = notified();
  expect(xml).toMatchObject({
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    appid: settings.miniapp.appId,
    mch_id: settings.pay.mchId,
    out_trade_no: order.out_trade_no,
    transaction_id: transactionId,
    openid: user.openIds.miniapp,
    total_fee: '1800',
    cash_fee: '1800',
    attach: '',
    time_end: expect.stringMatching(/^\d{14}$/),
  });
  expect(receiver.received[0]!.headers['content-type']).toBe('text/xml');
  expect(xml!.sign).toBe(signV2(xml!));
  expect(xml).not.toHaveProperty('sign_type');
});

test.each(['MD5', 'HMAC-SHA256'])(
  'an order with sign_type %s is notified with that sign_type and signature',
  async (signType) => {
    await payOne({ sign_type: signType, attach: 'x&y <z>' });
    const [xml] = notified();
    expect(xml).toMatchObject({ sign_type: signType, attach: 'x&y <z>' });
    expect(xml!.sign).toBe(signV2(xml!, { type: signType }));
  },
);

test('no-sign-type-notify signs with HMAC and omits sign_type', async () => {
  await planFault(simulator, 'notify', 'no-sign-type-notify');
  await payOne({ sign_type: 'HMAC-SHA256' });
  const [xml] = notified();
  expect(xml).not.toHaveProperty('sign_type');
  expect(xml!.sign).toBe(signV2(xml!, { type: 'HMAC-SHA256' }));
});

test.each([
  ['204', { status: 204 }],
  ['an empty 200', { status: 200, body: '' }],
  ['plain success', { status: 200, body: 'success' }],
  ['JSON', { status: 200, body: '{"code":"SUCCESS"}' }],
  ['a line before it', { status: 200, body: `\n${accepted}` }],
  ['a BOM before it', { status: 200, body: `\uFEFF${accepted}` }],
  ['FAIL', { status: 200, body: accepted.replace('SUCCESS', 'FAIL') }],
  ['the right words at 500', { status: 500, body: accepted }],
])('%s is no acceptance: the notification is retried after 15 s', async (_, answer) => {
  receiver.answer = (index) => (index === 0 ? answer : { status: 200, body: accepted });
  await payOne();
  await simulator.advanceClock(14_000);
  expect(receiver.received).toHaveLength(1);
  await simulator.advanceClock(86_400_000);
  expect(receiver.received).toHaveLength(2);
  const [first, second] = notified();
  expect(second).toEqual(first);
});

test.each([
  ['without return_msg', '<xml><return_code>SUCCESS</return_code></xml>'],
  ['after an XML declaration', '<?xml version="1.0"?>\n<xml>\n  <return_code>SUCCESS</return_code>\n</xml>'],
  ['with an empty return_msg', '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg/></xml>'],
])('an answer %s is accepted', async (_, body) => {
  receiver.answer = () => ({ status: 200, body });
  await payOne();
  await simulator.advanceClock(86_400_000);
  expect(receiver.received).toHaveLength(1);
});

test('tamper-notify changes one digit of total_fee; the genuine notification follows', async () => {
  await planFault(simulator, 'notify', 'tamper-notify');
  receiver.answer = (index) => (index === 0 ? { status: 400 } : { status: 200, body: accepted });
  await payOne();
  await simulator.advanceClock(15_000);
  const [bad, good] = notified();
  expect([bad!.total_fee, good!.total_fee]).toEqual(['1801', '1800']);
  expect([bad!.sign === signV2(bad!), good!.sign === signV2(good!)]).toEqual([false, true]);
  expect({ ...bad, total_fee: '' }).toEqual({ ...good, total_fee: '' });
});

test('unsigned-notify has no sign', async () => {
  await planFault(simulator, 'notify', 'unsigned-notify');
  await payOne();
  expect(notified()[0]).not.toHaveProperty('sign');
  expect(notified()[0]).toHaveProperty('out_trade_no');
});

test('drop, late and duplicate work as in API v3; a planned probe waits for a v3 notification', async () => {
  await planFault(simulator, 'notify', 'probe-notify');
  expect((await payOne()).notify.status).toBe(200);
  await planFault(simulator, 'notify', 'drop-notify');
  expect((await payOne()).notify).toBeNull();
  await planFault(simulator, 'notify', 'late-notify');
  expect((await payOne()).notify).toBeNull();
  expect(receiver.received).toHaveLength(1);
  await simulator.advanceClock(15_000);
  expect(receiver.received).toHaveLength(3);
  await planFault(simulator, 'notify', 'duplicate-notify');
  await payOne();
  expect(receiver.received).toHaveLength(5);
  expect(notified().every((xml) => xml.sign === signV2(xml))).toBe(true);
});

test.each([
  ['partner-form', ['mch_id', 'sub_mch_id', 'transaction_id', 'out_trade_no']],
  ['combined-form', ['combine_mch_id', 'combine_out_trade_no', 'sub_order_list']],
  ['papay', ['mch_id', 'contract_id', 'trade_state']],
])('%s sends a signed notification of another product before that of the payment', async (form, fields) => {
  await planFault(simulator, 'notify', form);
  const { transactionId } = await payOne();
  const [other, own] = notified();
  expect(other!.sign).toBe(signV2(other!));
  expect(Object.keys(other!)).toEqual(expect.arrayContaining(['return_code', 'result_code', ...fields]));
  expect(own).toMatchObject({ transaction_id: transactionId });
});
