// Whose order a complaint is about: systems that share a merchant number receive the complaints of each other.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { takeComplaint } from '../../lib/complaints/take-complaint.ts';
import { eventsOf } from '../../lib/events/from-record.ts';
import { keys } from '../../lib/store/keys.ts';
import { createComplaintWorld, type ComplaintWorld } from '../support/complaint-world.ts';
import { recordOf } from '../support/stream-records.ts';
import { asVerified } from '../support/verified.ts';

let world: ComplaintWorld;
beforeAll(async () => {
  world = await createComplaintWorld();
});
afterAll(() => world.close());

const FOREIGN_PAYMENT = '4200000000000000000000000001';

it.each<
  [string, (own: { outTradeNo: string; transactionId: string }) => { outTradeNo: string; transactionId: string }]
>([
  ['that the ledger lacks', () => ({ outTradeNo: `${'z'.repeat(24)}7c9q0000`, transactionId: FOREIGN_PAYMENT })],
  ['of another payment', ({ outTradeNo }) => ({ outTradeNo, transactionId: FOREIGN_PAYMENT })],
])('names no user for an order %s, although its number has the format of this service', async (_, change) => {
  const { complaintId, outTradeNo, transactionId } = await world.unreported();
  const foreign = { ...change({ outTradeNo, transactionId }), amountFen: 500 };
  const queryComplaint: typeof world.deps.queryComplaint = async (id) =>
    asVerified({ ...(await world.deps.queryComplaint(id)), orders: [foreign] });
  const deps = { ...world.deps, queryComplaint };
  await takeComplaint(deps, world.report(complaintId));
  const stored = (await world.stored(complaintId))!;
  const { details: _details, ...bare } = stored;
  const [event] = eventsOf(recordOf(keys.complaint(complaintId), bare, stored));
  expect(event).toMatchObject({ name: 'payment.complained', data: { outTradeNo: foreign.outTradeNo } });
  expect((event!.data as { userId?: string }).userId).toBeUndefined();
  expect(await world.operate({ action: 'show', complaintId }, deps)).toMatchObject({
    complaint: { orders: [{ ...foreign, userId: null }] },
  });
});
