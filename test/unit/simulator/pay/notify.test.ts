import { expect, test } from 'vitest';
import { useReceiver, useSimulator, useWechatUser } from '../fixture.ts';
import { settings } from '../settings.ts';
import { openEnvelope, payOrder, planFault, platformSigned } from '../support.ts';

const simulator = useSimulator();
const receiver = useReceiver(simulator);
const user = useWechatUser(simulator);

const payOne = () => payOrder(simulator, user, { notify_url: receiver.url });
const plan = (action: string, times?: number) => planFault(simulator, 'notify', action, times);
const genuine = () => receiver.received.map(({ headers, body }) => platformSigned(headers, body));

// Seconds before retry 1, 2, …: https://pay.weixin.qq.com/doc/v3/merchant/4012791861
const officialGaps = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600];

test('a payment notification has a valid signature and decrypts', async () => {
  receiver.answer = () => ({ status: 204 });
  const { transactionId, notify } = await payOne();
  expect(notify).toEqual({ status: 204, body: '' });
  const { headers, body } = receiver.received[0]!;
  expect(platformSigned(headers, body)).toBe(true);
  expect(headers).toMatchObject({
    'wechatpay-serial': settings.pay.platformKeyId,
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
    'content-type': 'application/json',
    'user-agent': 'Mozilla/4.0',
  });
  const { envelope, transaction } = openEnvelope(body);
  expect(envelope).toMatchObject({ event_type: 'TRANSACTION.SUCCESS', resource_type: 'encrypt-resource' });
  expect(envelope.resource).toMatchObject({ algorithm: 'AEAD_AES_256_GCM', original_type: 'transaction' });
  expect(transaction).toMatchObject({ trade_state: 'SUCCESS', transaction_id: transactionId, amount: { total: 1800 } });
});

test('retries a rejected notification 15 times, by the official schedule', async () => {
  receiver.answer = () => ({ status: 500 });
  await payOne();
  expect(officialGaps.reduce((sum, gap) => sum + gap)).toBe(24 * 3600 + 240);
  let dueAt = receiver.received[0]!.at;
  for (const [index, gap] of officialGaps.entries()) {
    dueAt += gap * 1000;
    await simulator.advanceClock(dueAt - 2_000 - simulator.now());
    expect(receiver.received).toHaveLength(index + 1);
    await simulator.advanceClock(dueAt + 50 - simulator.now());
    expect(receiver.received).toHaveLength(index + 2);
  }
  await simulator.advanceClock(7 * 86_400_000);
  expect(receiver.received).toHaveLength(16);
});

test('one long clock step delivers everything that became due, in order and at its own time', async () => {
  receiver.answer = () => ({ status: 500 });
  await payOne();
  await simulator.advanceClock(25 * 3_600_000);
  const first = receiver.received[0]!.at;
  let dueAt = first;
  for (const [index, gap] of officialGaps.entries()) {
    dueAt += gap * 1000;
    expect(Math.abs(receiver.received[index + 1]!.at - dueAt)).toBeLessThan(3_000);
  }
});

test('each delivery has a fresh real timestamp, nonce and signature', async () => {
  receiver.answer = (index) => ({ status: index < 3 ? 500 : 200 });
  await payOne();
  await simulator.advanceClock(86_400_000);
  expect(genuine()).toEqual([true, true, true, true]);
  const { received } = receiver;
  expect(new Set(received.map(({ headers }) => headers['wechatpay-nonce'])).size).toBe(4);
  for (const { headers } of received) {
    expect(Math.abs(Number(headers['wechatpay-timestamp']) - Date.now() / 1000)).toBeLessThan(5);
  }
  expect(new Set(received.map(({ body }) => openEnvelope(body).envelope.id)).size).toBe(1);
});

test('a redirect is not accepted', async () => {
  receiver.answer = () => ({ status: 302 });
  await payOne();
  await simulator.advanceClock(15_000);
  expect(receiver.received).toHaveLength(2);
});

test('drop-notify swallows one delivery; the retry comes by schedule', async () => {
  await plan('drop-notify');
  expect((await payOne()).notify).toBeNull();
  expect(receiver.received).toEqual([]);
  await simulator.advanceClock(15_000);
  expect(genuine()).toEqual([true]);
});

test('late-notify waits for the first retry slot', async () => {
  await plan('late-notify');
  expect((await payOne()).notify).toBeNull();
  await simulator.advanceClock(13_000);
  expect(receiver.received).toEqual([]);
  await simulator.advanceClock(2_000);
  expect(genuine()).toEqual([true]);
  await simulator.advanceClock(86_400_000);
  expect(receiver.received).toHaveLength(1);
});

test('duplicate-notify delivers twice at nearly the same time, both genuine', async () => {
  await plan('duplicate-notify');
  expect((await payOne()).notify.status).toBe(200);
  expect(genuine()).toEqual([true, true]);
  const [first, second] = receiver.received.map(({ body }) => openEnvelope(body).transaction.transaction_id);
  expect(second).toBe(first);
});

test('tamper-notify flips one bit: the signature no longer fits; the genuine one follows', async () => {
  await plan('tamper-notify');
  receiver.answer = (index) => ({ status: index === 0 ? 401 : 200 });
  expect((await payOne()).notify.status).toBe(401);
  await simulator.advanceClock(15_000);
  expect(genuine()).toEqual([false, true]);
  const [bad, good] = receiver.received.map(({ body }) => Buffer.from(JSON.parse(body).resource.ciphertext, 'base64'));
  const flipped = [...good!].map((byte, index) => byte ^ bad![index]!).filter((difference) => difference > 0);
  expect(flipped).toEqual([1]);
});

test('probe-notify sends a WECHATPAY/SIGNTEST/ signature before the genuine one', async () => {
  await plan('probe-notify');
  receiver.answer = (index) => ({ status: index === 0 ? 401 : 200 });
  expect((await payOne()).notify.status).toBe(200);
  expect(genuine()).toEqual([false, true]);
  expect(receiver.received[0]!.headers['wechatpay-signature']).toMatch(/^WECHATPAY\/SIGNTEST\//);
});

test('a fault applies to as many deliveries as planned', async () => {
  await plan('drop-notify', 2);
  await payOne();
  await simulator.advanceClock(15_000);
  expect(receiver.received).toEqual([]);
  await simulator.advanceClock(15_000);
  expect(receiver.received).toHaveLength(1);
});

test.each([
  ['partner-form', ['sp_mchid', 'sub_mchid', 'out_trade_no', 'transaction_id', 'trade_state']],
  ['combined-form', ['combine_mchid', 'combine_out_trade_no', 'sub_orders']],
  ['profit-sharing', ['mchid', 'order_id', 'out_order_no', 'receiver']],
  ['papay', ['mchid', 'appid', 'contract_id', 'contract_state', 'plan_id']],
])('%s sends a signed notification of another product before that of the payment', async (form, fields) => {
  receiver.answer = () => ({ status: 204 });
  await plan(form);
  const { transactionId } = await payOne();
  expect(genuine()).toEqual([true, true]);
  const [other, own] = receiver.received.map(({ body }) => openEnvelope(body));
  expect(other!.envelope).toMatchObject({ event_type: 'TRANSACTION.SUCCESS' });
  expect(Object.keys(other!.transaction)).toEqual(expect.arrayContaining(fields));
  expect(own!.transaction).toMatchObject({ transaction_id: transactionId });
  await payOne();
  expect(receiver.received).toHaveLength(3);
});
