// The sweep of complaints: overdue answers, missing details and lost notifications.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sweepComplaints } from '../../lib/complaints/sweep-complaints.ts';
import type { Send } from '../../lib/core/outbound.ts';
import { claimComplaint, dueFollowUpPages, type FollowUp } from '../../lib/store/follow-ups.ts';
import { createComplaintWorld, type ComplaintWorld } from '../support/complaint-world.ts';
import { dueNumbers } from '../support/follow-ups.ts';
import { withMetrics } from '../support/metrics.ts';

const HOUR_MS = 3_600_000;
const METRIC = 'UnansweredComplaints';
const LIST = '/v3/merchant-service/complaints-v2';

let world: ComplaintWorld;
beforeEach(async () => {
  world = await createComplaintWorld();
});
afterEach(() => world.close());

const due = (atMs: number) => dueNumbers(world.table, 'complaint', atMs);

describe('a complaint without an answer', () => {
  it('is counted after 12 hours and then once an hour, until the merchant answers', async () => {
    const { complaintId } = await world.complain();
    const counts: number[] = [];
    for (let quarters = 0; quarters < 4 * 16; quarters += 1) {
      world.pass(0.25);
      const [, metrics] = await world.sweep();
      if (metrics.includes(METRIC)) counts.push((quarters + 1) / 4);
    }
    // The complaint is some seconds older than the clock that moved.
    expect(counts).toEqual([12, 13, 14, 15, 16]);
    await world.operate({ action: 'reply', complaintId, content: '今天发货' });
    for (let hours = 0; hours < 3; hours += 1) {
      world.pass(1);
      expect((await world.sweep())[1]).toEqual([]);
    }
  });

  it('is counted although WeChat Pay does not answer', async () => {
    await world.faults(LIST, '5xx', 999);
    const { complaintId } = await world.complain();
    expect((await world.stored(complaintId))!.details).toBeUndefined();
    world.pass(13);
    expect((await world.sweep())[1]).toEqual([METRIC]);
    expect((await world.sweep())[1]).toEqual([]);
    world.pass(1);
    expect((await world.sweep())[1]).toEqual([METRIC]);
  });

  it('is not counted if only the notification of the answer was lost', async () => {
    const { complaintId } = await world.complain();
    await world.faults('complaint-notify', 'drop-notify');
    await world.deps.reply(complaintId, { content: '今天发货' });
    await world.delivered();
    world.pass(13);
    expect((await world.sweep())[1]).toEqual([]);
    expect(await world.stored(complaintId)).toMatchObject({ details: { state: 'PROCESSING' } });
  });

  it('is counted by one of several concurrent runs', async () => {
    await world.complain();
    world.pass(13);
    await world.sweep();
    world.pass(1);
    const runs = await withMetrics(async () => {
      const apis = await world.loadSweep();
      const run = () => sweepComplaints(apis);
      await Promise.all([run(), run(), run(), run()]);
    });
    expect(runs[1]).toEqual([METRIC]);
  });

  it('is not counted when the buyer withdraws the complaint without a notification', async () => {
    const { complaintId } = await world.complain();
    await world.act(complaintId, 'user-cancels');
    world.pass(13);
    expect((await world.sweep())[1]).toEqual([]);
    expect(await world.stored(complaintId)).toMatchObject({ details: { state: 'PROCESSED' } });
    expect(await due(Date.now() + 999 * 24 * HOUR_MS)).not.toContain(complaintId);
  });
});

describe('the claim of a due complaint', () => {
  it('succeeds for one of eight callers', async () => {
    const { complaintId } = await world.complain();
    world.pass(13);
    const pages = dueFollowUpPages(world.table, { kind: 'complaint', nowMs: world.outside.now() });
    const [followUp] = ((await pages.next()).value ?? []) as FollowUp[];
    expect(followUp).toMatchObject({ kind: 'complaint', no: complaintId });
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        claimComplaint(world.table, followUp!, world.outside.now() + HOUR_MS + index),
      ),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
  });
});

describe('the daily list', () => {
  it('finds a complaint whose notification was lost, once a day', async () => {
    await world.sweep();
    const { complaintId } = await world.unreported();
    await world.sweep();
    expect(await world.stored(complaintId)).toBeUndefined();
    world.pass(24);
    const [run] = await world.sweep();
    expect(run).toMatchObject({ found: 1, more: false });
    expect(await world.stored(complaintId)).toMatchObject({
      details: { state: 'PENDING' },
      waitingSince: expect.any(String),
    });
    expect((await world.stored(complaintId))!.waitingSince).toBe(
      (await world.stored(complaintId))!.details!.complainedAt,
    );
  });

  it('finds lost notifications of a message and of a continued complaint', async () => {
    const { complaintId } = await world.complain();
    await world.operate({ action: 'reply', complaintId, content: '今天发货' });
    await world.delivered();
    await world.faults('complaint-notify', 'drop-notify');
    await world.act(complaintId, 'user-responds', '还没有收到货物');
    expect(await world.stored(complaintId)).not.toHaveProperty('waitingSince');
    world.pass(24);
    await world.sweep();
    expect(await world.stored(complaintId)).toMatchObject({
      details: { buyerWaits: true },
      waitingSince: expect.any(String),
    });
    await world.operate({ action: 'complete', complaintId });
    await world.delivered();
    await world.faults('complaint-notify', 'drop-notify');
    await world.act(complaintId, 'user-continues');
    expect(await world.stored(complaintId)).toMatchObject({ details: { state: 'PROCESSED' } });
    world.pass(24);
    await world.sweep();
    expect(await world.stored(complaintId)).toMatchObject({ details: { state: 'PENDING', times: 2 } });
  });

  it('is read again by the next run after WeChat Pay did not answer', async () => {
    const { complaintId } = await world.unreported();
    await world.faults(LIST, '5xx', 2);
    expect((await world.sweep())[0]).toMatchObject({ more: true });
    expect(await world.stored(complaintId)).toBeUndefined();
    expect((await world.sweep())[0]).toMatchObject({ found: 1, more: false });
  });

  it('fails the run and is read again on the next day when WeChat Pay declines it', async () => {
    const declining = answering(403, { code: 'NO_AUTH', message: '无权限' });
    const lists = async () => world.calls(LIST);
    await expect(world.sweep(declining)).rejects.toMatchObject({ code: 'WECHAT_CONFIG' });
    const before = await lists();
    await world.sweep();
    expect(await lists()).toBe(before);
    world.pass(24);
    await world.sweep();
    expect(await lists()).toBe(before + 1);
  });

  it('stores the other complaints if the query of one is declined', async () => {
    const [one, other] = [await world.unreported(), await world.unreported()];
    const declining: Send = (request) =>
      request.url.pathname.endsWith(one.complaintId)
        ? answering(403, { code: 'NO_AUTH', message: '您暂无权限查询该投诉单的信息' })(request)
        : world.outside.send(request);
    expect((await world.sweep(declining))[0]).toMatchObject({ found: 1, more: false });
    expect(await world.stored(other.complaintId)).toMatchObject({ details: { state: 'PENDING' } });
  });
});

describe('the sweep', () => {
  it('does nothing without credentials of API v3 and without virtual payment', async () => {
    const before = await world.calls(LIST);
    expect(await sweepComplaints({})).toEqual({ visited: 0, found: 0, more: false });
    expect(await world.calls(LIST)).toBe(before);
  });

  it('ends after five failed queries in a row, and leaves the other complaints due', async () => {
    await world.sweep();
    for (let index = 0; index < 7; index += 1) await world.complain();
    world.pass(13);
    const failing: Send = async (request) => ({ ...(await world.outside.send(request)), status: 502, headers: {} });
    const [run] = await world.sweep(failing);
    expect(run).toMatchObject({ visited: 5, more: true });
    expect(await due(world.outside.now())).toHaveLength(2);
  });

  it('ends the follow-up of a complaint that WeChat Pay never showed', async () => {
    await world.faults(LIST, '5xx', 2);
    const { complaintId } = await world.complain();
    const declining: Send = (request) =>
      request.url.pathname.endsWith(complaintId)
        ? answering(403, { code: 'NO_AUTH', message: '您暂无权限查询该投诉单的信息' })(request)
        : world.outside.send(request);
    world.pass(13);
    expect((await world.sweep(declining))[1]).toEqual([]);
    expect(await world.stored(complaintId)).not.toHaveProperty('waitingSince');
    expect(await due(Date.now() + 999 * 24 * HOUR_MS)).not.toContain(complaintId);
  });
});

/** Returns a `send` that answers without a call to WeChat Pay. */
function answering(status: number, body: object): Send {
  return async () => ({ status, headers: {}, body: Buffer.from(JSON.stringify(body)) });
}
