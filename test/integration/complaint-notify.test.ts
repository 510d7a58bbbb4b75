// Notifications of complaints: from the webhook to the stored complaint and its event.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TableStream } from '../../infra/local/stream/table-stream.ts';
import { fetchDetails } from '../../lib/complaints/fetch-details.ts';
import { takeComplaint } from '../../lib/complaints/take-complaint.ts';
import { AppError } from '../../lib/core/errors.ts';
import { eventsOf } from '../../lib/events/from-record.ts';
import { createComplaintWorld, PHONE, WORDS, type ComplaintWorld } from '../support/complaint-world.ts';
import { crashesAfter, interceptCommands } from '../support/crashes.ts';
import { startEventStream } from '../support/event-stream.ts';
import { dueNumbers } from '../support/follow-ups.ts';
import { recordingLambda } from '../support/lambda-api.ts';
import { notification } from '../support/pay-notification.ts';
import { asVerified } from '../support/verified.ts';
import { ids } from '../support/world.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let world: ComplaintWorld;
let stream: TableStream;
let lambda: Awaited<ReturnType<typeof recordingLambda>>;
beforeAll(async () => {
  world = await createComplaintWorld();
  lambda = await recordingLambda();
  stream = await startEventStream(world, lambda);
});
afterEach(async () => {
  world.clock.offsetMs = 0;
  await world.calm();
});
afterAll(async () => {
  await stream.stop();
  lambda.close();
  await world.close();
});

const due = (atMs: number) => dueNumbers(world.table, 'complaint', atMs);
/** Returns the events of complaints that were published so far. */
const complaintEvents = () =>
  lambda.calls
    .flatMap(({ Records }) => Records)
    .flatMap(eventsOf)
    .filter(({ name }) => name === 'payment.complained');
const eventsAbout = (id: string) =>
  complaintEvents().filter(({ data }) => (data as { complaintId: string }).complaintId === id);

const PAYMENT_FIELDS = ['mchid', 'appid', 'transaction_id', 'trade_state', 'success_time', 'amount', 'payer'];

/** Returns a signed notification. `change` replaces fields of the content. */
function complaintNotice(complaintId: string | undefined, change: object = {}, eventType = 'COMPLAINT.CREATE') {
  const absent = Object.fromEntries(PAYMENT_FIELDS.map((name) => [name, undefined]));
  const content = { complaint_id: complaintId, action_type: 'CREATE_COMPLAINT', ...change };
  return notification({ ...absent, ...content }, { eventType });
}

describe('the notification of a complaint', () => {
  it('stores the complaint with its details, and publishes one event', async () => {
    const { complaintId, notify, outTradeNo, transactionId, user } = await world.complain();
    expect(notify).toMatchObject({ status: 204 });
    const complaint = (await world.stored(complaintId))!;
    expect(complaint).toMatchObject({
      actionType: 'CREATE_COMPLAINT',
      details: {
        state: 'PENDING',
        mchId: ids.pay.mchId,
        orders: [{ outTradeNo, transactionId, amountFen: 1800 }],
        problemType: 'REFUND',
        refundFen: 1800,
      },
    });
    expect(complaint.waitingSince).toBe(complaint.details!.complainedAt);
    await expect.poll(() => eventsAbout(complaintId), { timeout: 15_000 }).toHaveLength(1);
    expect(eventsAbout(complaintId)[0]).toMatchObject({
      id: `payment.complained:${complaintId}`,
      data: { outTradeNo, transactionId, userId: user.id, amountFen: 1800, problemType: 'REFUND', refundFen: 1800 },
    });
  });

  it('follows the complaint to its end, and publishes no second event', async () => {
    const { complaintId } = await world.complain();
    await world.operate({ action: 'reply', complaintId, content: '今天发货' });
    await world.delivered();
    expect(await world.stored(complaintId)).toMatchObject({
      actionType: 'MERCHANT_RESPONSE',
      details: { state: 'PROCESSING' },
    });
    expect(await world.stored(complaintId)).not.toHaveProperty('waitingSince');
    await world.act(complaintId, 'user-responds', '还没有收到货物');
    expect(await world.stored(complaintId)).toMatchObject({
      actionType: 'USER_RESPONSE',
      details: { buyerWaits: true },
      waitingSince: expect.any(String),
    });
    await world.operate({ action: 'complete', complaintId });
    expect(await world.stored(complaintId)).not.toHaveProperty('waitingSince');
    expect(await due(Date.now() + 99 * DAY_MS)).not.toContain(complaintId);
    await expect.poll(() => eventsAbout(complaintId), { timeout: 15_000 }).toHaveLength(1);
    // A later complaint shows that the stream has passed all earlier changes.
    const later = await world.complain();
    await expect.poll(() => eventsAbout(later.complaintId), { timeout: 15_000 }).toHaveLength(1);
    expect(eventsAbout(complaintId)).toHaveLength(1);
  });

  it.each(['duplicate-notify', 'late-notify', 'tamper-notify', 'unsigned-notify', 'probe-notify'])(
    'stores the complaint once despite the fault %s',
    async (fault) => {
      await world.faults('complaint-notify', fault);
      const { complaintId } = await world.complain();
      await world.simulator.advanceClock(5_000);
      expect(await world.stored(complaintId)).toMatchObject({ details: { state: 'PENDING' } });
      await expect.poll(() => eventsAbout(complaintId), { timeout: 15_000 }).toHaveLength(1);
    },
  );

  it('stores the complaint about an order of another system of the merchant, without a user', async () => {
    const { complaintId } = await world.unreported();
    const foreign = { outTradeNo: 'SHOP-2026-0001', transactionId: '4200000000000000000000000001', amountFen: 500 };
    const queryComplaint: typeof world.deps.queryComplaint = async (id) =>
      asVerified({ ...(await world.deps.queryComplaint(id)), orders: [foreign] });
    await takeComplaint({ ...world.deps, queryComplaint }, world.report(complaintId));
    expect(await world.stored(complaintId)).toMatchObject({
      details: { orders: [foreign] },
      waitingSince: expect.any(String),
    });
    await expect.poll(() => eventsAbout(complaintId), { timeout: 15_000 }).toHaveLength(1);
    const { data } = eventsAbout(complaintId)[0]!;
    expect(data).toMatchObject({ outTradeNo: 'SHOP-2026-0001', amountFen: 500 });
    expect((data as { userId?: string }).userId).toBeUndefined();
  });

  it('is accepted when WeChat Pay does not answer the query, and the sweep fetches the details', async () => {
    await world.faults('/complaints-v2/', '5xx', 2);
    const { complaintId, notify } = await world.complain();
    expect(notify).toMatchObject({ status: 204 });
    const bare = (await world.stored(complaintId))!;
    expect(bare.details).toBeUndefined();
    expect(bare.waitingSince).toBe(bare.reportedAt);
    world.clock.offsetMs = 2 * MINUTE_MS;
    await world.sweep();
    expect(await world.stored(complaintId)).toMatchObject({ details: { state: 'PENDING' } });
  });

  it('is accepted before the timeout of its sender when the query hangs', async () => {
    await world.faults('/complaints-v2/', 'timeout', 2);
    const { complaintId, notify } = await world.complain();
    expect(notify).toMatchObject({ status: 204 });
    expect(await world.stored(complaintId)).toMatchObject({ actionType: 'CREATE_COMPLAINT' });
  });

  it('is repeated by WeChat Pay when the table fails', async () => {
    const { complaintId } = await world.unreported();
    expect(await crashesAfter(world.table, 0, () => takeComplaint(world.deps, world.report(complaintId)))).toBe(true);
    expect(await world.stored(complaintId)).toBeUndefined();
    await takeComplaint(world.deps, world.report(complaintId));
    expect(await world.stored(complaintId)).toMatchObject({ details: { state: 'PENDING' } });
  });

  it.each([1, 2])('is completed by a repetition or the sweep after a crash behind write %i', async (writes) => {
    const { complaintId } = await world.unreported();
    const crashed = await crashesAfter(world.table, writes, () => takeComplaint(world.deps, world.report(complaintId)));
    expect(crashed).toBe(writes === 1);
    world.clock.offsetMs = 2 * MINUTE_MS;
    await world.sweep();
    await takeComplaint(world.deps, world.report(complaintId));
    expect(await world.stored(complaintId)).toMatchObject({ details: { state: 'PENDING' } });
    await expect.poll(() => eventsAbout(complaintId), { timeout: 15_000 }).toHaveLength(1);
  });

  it('is stored once when the table loses the responses of its first two writes', async () => {
    const { complaintId } = await world.unreported();
    let lost = 0;
    const end = interceptCommands(world.table, async ({ name }, send) => {
      const answer = await send();
      lost += name === 'Put' ? 1 : 0;
      // The SDK sends the write again, which then fails its own condition.
      return name === 'Put' && lost <= 2 ? send() : answer;
    });
    await takeComplaint(world.deps, world.report(complaintId)).finally(end);
    expect(lost).toBeGreaterThan(2);
    expect(await world.stored(complaintId)).toMatchObject({ details: { state: 'PENDING' } });
    await expect.poll(() => eventsAbout(complaintId), { timeout: 15_000 }).toHaveLength(1);
  });

  it('stores the last state and one event when eight notifications arrive at once', async () => {
    const { complaintId } = await world.unreported();
    const patient = { ...world.deps, sleep: async () => undefined };
    const actions = ['CREATE_COMPLAINT', 'USER_RESPONSE', 'MERCHANT_RESPONSE', 'CREATE_COMPLAINT'];
    await Promise.all(
      [...actions, ...actions].map((action) => takeComplaint(patient, world.report(complaintId, action))),
    );
    expect(await world.stored(complaintId)).toMatchObject({
      details: { state: 'PENDING' },
      waitingSince: expect.any(String),
    });
    await expect.poll(() => eventsAbout(complaintId), { timeout: 15_000 }).toHaveLength(1);
  });

  it('leaves no old details when answers of WeChat Pay arrive in another order', async () => {
    const { complaintId } = await world.complain();
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    let queries = 0;
    const slow: typeof world.deps.queryComplaint = async (id) => {
      const live = await world.deps.queryComplaint(id);
      queries += 1;
      if (queries > 1) return live;
      asked.resolve();
      await answered.promise;
      return live;
    };
    const old = fetchDetails({ ...world.deps, queryComplaint: slow }, complaintId);
    await asked.promise;
    await world.operate({ action: 'complete', complaintId });
    answered.resolve();
    expect((await old).live.state).toBe('PROCESSED');
    expect(queries).toBeGreaterThan(1);
    expect(await world.stored(complaintId)).toMatchObject({ details: { state: 'PROCESSED' } });
  });

  it('is rejected by the flow without the brand of verified content', async () => {
    const forged = { complaintId: 'c1', actionType: 'CREATE_COMPLAINT' } as never;
    await expect(takeComplaint(world.deps, forged)).rejects.toThrow(AppError);
    const unverified = { ...world.deps, queryComplaint: async () => ({ complaintId: 'c1' }) as never };
    await expect(fetchDetails(unverified, 'c1')).rejects.toThrow(AppError);
    expect(await world.stored('c1')).toBeUndefined();
  });
});

describe('pay-notify', () => {
  it('takes a complaint without an action, under its event type', async () => {
    const { complaintId } = await world.unreported();
    const answer = await world.send(complaintNotice(complaintId, { action_type: undefined }));
    expect(answer.statusCode).toBe(204);
    expect(await world.stored(complaintId)).toMatchObject({
      actionType: 'COMPLAINT.CREATE',
      details: { state: 'PENDING' },
    });
  });

  it('takes an unknown action, and stores what the query returns', async () => {
    const { complaintId } = await world.unreported();
    const notice = complaintNotice(complaintId, { action_type: 'NEW_ACTION', more: [1] }, 'COMPLAINT.STATE_CHANGE');
    expect((await world.send(notice)).statusCode).toBe(204);
    expect(await world.stored(complaintId)).toMatchObject({ actionType: 'NEW_ACTION', details: { state: 'PENDING' } });
  });

  it.each([
    ['is missing', undefined],
    ['is a number, whose digits JSON does not keep', 200201820261201000000000000],
    ['is no id', '../x#y'],
  ])('asks WeChat Pay to repeat a complaint whose id %s, and counts it', async (_, id) => {
    await world.expectUnreadable(complaintNotice(id as string));
  });

  it.each([
    ['another merchant', { complainted_mchid: '1900000009' }, 'merchant'],
    ['a partner', { sub_mchid: '1900000009' }, 'form'],
  ])('stores the complaint of %s once as a notice, and accepts it', async (_, change, reason) => {
    const before = (await world.notices()).length;
    for (let delivery = 0; delivery < 2; delivery += 1)
      expect((await world.send(complaintNotice(`foreign-${reason}`, change))).statusCode).toBe(204);
    const notices = await world.notices();
    expect(notices).toHaveLength(before + 1);
    expect(notices).toContainEqual(expect.objectContaining({ eventType: 'COMPLAINT.CREATE', reason }));
    expect(await world.stored(`foreign-${reason}`)).toBeUndefined();
  });

  it('rejects a complaint with a wrong signature, and stores nothing', async () => {
    const forged = complaintNotice('c2');
    forged.headers['wechatpay-signature'] = Buffer.alloc(256, 7).toString('base64');
    await world.expectRefused(forged);
  });
});

describe('the words and the phone of the buyer', () => {
  it('are neither in the table nor in the events', async () => {
    const { complaintId } = await world.complain();
    await expect.poll(() => eventsAbout(complaintId), { timeout: 15_000 }).toHaveLength(1);
    const everything = JSON.stringify([await world.everything(), complaintEvents()]);
    for (const secret of [WORDS, PHONE]) expect(everything).not.toContain(secret);
  });
});
