import { expect, test } from 'vitest';
import { settings } from '../settings.ts';
import { openEnvelope, payCall, planFault, platformSigned } from '../support.ts';
import { useComplaints } from './complaint-support.ts';
import { refundOrder } from './support.ts';

const merchant = useComplaints();
const { simulator, receiver, paidOrder, complain, complaintId, respond, complete, decideRefund, act, reported } =
  merchant;

const path = '/v3/merchant-service/complaint-notifications';
const address = (method: string, body?: object) => payCall(simulator, { method, path, ...(body && { body }) });

test('a notification about a new complaint is signed, and contains its number and the action', async () => {
  const { complaintId: id, notify } = (await complain(await paidOrder())).json;
  expect(notify).toEqual({ status: 204, body: '' });
  const { headers, body } = receiver.received[0]!;
  expect(platformSigned(headers, body)).toBe(true);
  const { envelope, transaction } = openEnvelope(body);
  expect(envelope).toMatchObject({
    event_type: 'COMPLAINT.CREATE',
    resource_type: 'encrypt-resource',
    resource: { original_type: 'complaint', associated_data: 'complaint' },
  });
  expect(transaction).toEqual({ complaint_id: id, action_type: 'CREATE_COMPLAINT' });
});

test('each later action is a change of the state', async () => {
  const id = await complaintId();
  await respond(id);
  await act(id, 'user-responds', '好的');
  await act(id, 'platform-steps-in');
  await act(id, 'platform-responds', '请核实');
  await act(id, 'platform-finishes');
  await complete(id);
  await act(id, 'user-continues');
  expect(await reported()).toEqual([
    'CREATE_COMPLAINT',
    'MERCHANT_RESPONSE',
    'USER_RESPONSE',
    'USER_APPLY_PLATFORM_SERVICE',
    'RESPONSE_BY_PLATFORM',
    'PLATFORM_SERVICE_FINISHED',
    'MERCHANT_CONFIRM_COMPLETE',
    'CONTINUE_COMPLAINT',
  ]);
  const events = receiver.received.map(({ body }) => openEnvelope(body).envelope.event_type);
  expect(new Set(events.slice(1))).toEqual(new Set(['COMPLAINT.STATE_CHANGE']));
});

test('reports the decision about a refund, the whole refund and its arrival', async () => {
  const outTradeNo = await paidOrder();
  const { complaintId: id } = (await complain(outTradeNo, { refundFen: 1800 })).json;
  await decideRefund(id, { action: 'APPROVE' });
  expect(await reported()).toEqual(['CREATE_COMPLAINT', 'MERCHANT_APPROVE_REFUND']);
  await refundOrder(simulator, outTradeNo, { amount: { refund: 1800, total: 1800, currency: 'CNY' } });
  expect((await reported()).slice(2)).toEqual(['SELLER_REFUND', 'REFUND_SUCCESS']);
  const other = await complaintId({ refundFen: 100 });
  await decideRefund(other, { action: 'REJECT', reject_reason: '已发货' });
  expect((await reported()).slice(4)).toEqual(['CREATE_COMPLAINT', 'MERCHANT_REJECT_REFUND']);
});

test('a cancellation by the buyer is not notified', async () => {
  const id = await complaintId();
  expect((await act(id, 'user-cancels')).json).toEqual({ complaintId: id, state: 'PROCESSED', notify: null });
  expect(await reported()).toEqual(['CREATE_COMPLAINT']);
});

test('repeats a rejected notification after 5 s, ten times each minute, then each 5 minutes, 1,000 times', async () => {
  receiver.answer = () => ({ status: 500 });
  await complaintId();
  const startedAt = receiver.received[0]!.at;
  const seconds = () => receiver.received.slice(1).map(({ at }) => Math.round((at - startedAt) / 1000));
  await simulator.advanceClock(1_206_000);
  expect(seconds()).toEqual([5, ...Array.from({ length: 10 }, (_, n) => 65 + 60 * n), 905, 1205]);
  await simulator.advanceClock(8 * 86_400_000);
  expect(receiver.received).toHaveLength(1_001);
});

test('the faults of complaints and of payments are separate', async () => {
  await planFault(simulator, 'notify', 'drop-notify');
  expect((await complain(await paidOrder())).json.notify).toMatchObject({ status: 204 });
  await planFault(simulator, 'complaint-notify', 'drop-notify');
  const { notify } = (await complain(await paidOrder())).json;
  expect([notify, receiver.received.length]).toEqual([null, 1]);
  await simulator.advanceClock(5_000);
  expect(receiver.received).toHaveLength(2);
});

test.each([
  ['duplicate-notify', 2],
  ['late-notify', 0],
  ['tamper-notify', 1],
])('%s delivers %i at once', async (action, deliveries) => {
  await planFault(simulator, 'complaint-notify', action);
  await complaintId();
  expect(receiver.received).toHaveLength(deliveries);
});

test('the merchant replaces and deletes the one address', async () => {
  const { mchId } = settings.pay;
  const elsewhere = { url: 'https://example.com/complaints' };
  expect((await address('GET')).json).toEqual({ mchid: mchId, url: receiver.url });
  const second = await address('POST', elsewhere);
  expect([second.status, second.json.code]).toEqual([400, 'RESOURCE_ALREADY_EXISTS']);
  const put = await address('PUT', elsewhere);
  expect([put.status, put.json]).toEqual([200, { mchid: mchId, ...elsewhere }]);
  expect((await address('DELETE')).status).toBe(204);
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const missing = await address(method, method === 'PUT' ? elsewhere : undefined);
    expect([missing.status, missing.json.code]).toEqual([400, 'RESOURCE_NOT_EXISTS']);
  }
  expect((await complain(await paidOrder())).json.notify).toBeNull();
  expect((await address('POST', { url: receiver.url })).json).toEqual({ mchid: mchId, url: receiver.url });
  await complaintId();
  expect(await reported()).toEqual(['CREATE_COMPLAINT']);
});

test.each(['http://example.com/complaints', 'https://example.com/?a=1', 'example.com'])(
  'declines the address %s',
  async (url) => {
    const { status, json } = await address('PUT', { url });
    expect([status, json.code]).toEqual([400, 'PARAM_ERROR']);
  },
);
