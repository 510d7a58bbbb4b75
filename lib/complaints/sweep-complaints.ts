import { beijingDate } from '../core/beijing-time.ts';
import { AppError, isAppError } from '../core/errors.ts';
import { countMetric } from '../core/metrics.ts';
import { entriesOf, workThrough, type Outcome } from '../core/work-through.ts';
import { claim, readClaim } from '../store/claims.ts';
import { readComplaint, writeComplaint, type Complaint } from '../store/complaints.ts';
import { claimComplaint, dueFollowUpPages, type FollowUp } from '../store/follow-ups.ts';
import { isDeclined } from '../wechat-pay/errors.ts';
import { apiOf, depsOf, type ComplaintApis } from './apis.ts';
import { compareList, type ListDeps } from './find-changed.ts';
import { fetchDetails } from './fetch-details.ts';
import { mustCount, nextAttemptAtMs, nextLookAtMs } from './waiting.ts';

/** A run starts no further query after this time. */
const RUN_MS = 100_000;
/** Circuit breaker: a run ends after this many failed queries in a row, because WeChat Pay is probably down. */
const MAX_FAILURES = 5;
/** Days that the daily list covers, the current day included; the maximum of one list. */
const LISTED_DAYS = 30;
const DAY_MS = 86_400_000;

type ComplaintStore = Pick<ListDeps, 'table' | 'now' | 'log'>;

/** The result of one run. */
export interface ComplaintSweep {
  /** Complaints that this run claimed. */
  visited: number;
  /** Complaints that the daily list found, because their notification is missing. */
  found: number;
  /** Whether work is left for the next run. */
  more: boolean;
}

/**
 * Queries the complaints that are due, counts those that wait for an answer, and once a day compares the list of each API,
 * because notifications may be lost.
 * @param apis may be empty: without credentials of API v3 and without virtual payment
 * @throws FORBIDDEN, INTERNAL, WECHAT_CONFIG when WeChat declines a list
 * @see https://pay.weixin.qq.com/docs/merchant/products/consumer-complaint/apilist.html
 */
export async function sweepComplaints(apis: ComplaintApis<ListDeps>): Promise<ComplaintSweep> {
  const [deps, ...others] = depsOf(apis);
  if (!deps) return { visited: 0, found: 0, more: false };
  const untilMs = deps.now() + RUN_MS;
  const { visited, more } = await workThrough(
    entriesOf(dueFollowUpPages(deps.table, { kind: 'complaint', nowMs: deps.now() })),
    {
      workers: 1,
      maxFailures: MAX_FAILURES,
      isOver: () => deps.now() > untilMs,
      visit: (followUp) => visitComplaint(deps, apis, followUp),
    },
  );
  const run = { visited, found: 0, more };
  if (!more) for (const api of [deps, ...others]) await listOnceADay(api, run, untilMs);
  if (run.visited > 0 || run.found > 0 || run.more) deps.log.info('complaint-sweep.finished', { ...run });
  return run;
}

async function visitComplaint(
  stored: ComplaintStore,
  apis: ComplaintApis<ListDeps>,
  followUp: FollowUp,
): Promise<Outcome> {
  const { table, now, log } = stored;
  const { no: complaintId } = followUp;
  const complaint = await readComplaint(table, complaintId, 'strong');
  if (!complaint || !(await claimComplaint(table, followUp, nextAttemptAtMs(complaint, now())))) return 'skipped';
  try {
    const fetched = await fetchDetails(apiOf(apis, complaint), complaintId);
    await countUnanswered(stored, fetched.stored);
    return 'done';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn('complaint.query-failed', { complaintId, error });
    if (isUnknown(error, complaint)) await endComplaint(stored, complaint);
    else await countUnanswered(stored, complaint);
    return 'failed';
  }
}

/** Counts a complaint that waits too long. The write precedes the metric, so that each complaint counts once an hour. */
async function countUnanswered({ table, now }: ComplaintStore, complaint: Complaint): Promise<void> {
  if (!mustCount(complaint, now())) return;
  const counted = { ...complaint, countedAt: new Date(now()).toISOString() };
  if (await writeComplaint(table, complaint, counted, nextLookAtMs(counted, now())))
    countMetric('UnansweredComplaints', {});
}

/** Returns whether WeChat Pay does not show this complaint to the merchant, and never did. */
function isUnknown(error: AppError, { details }: Complaint): boolean {
  return isAppError(error, 'NOT_FOUND') || (details === undefined && isDeclined(error));
}

/** Ends the follow-ups of a complaint. The list finds a complaint that WeChat Pay shows later. */
async function endComplaint({ table, log }: ComplaintStore, complaint: Complaint): Promise<void> {
  const { waitingSince: _, ...ended } = complaint;
  await writeComplaint(table, complaint, ended, undefined);
  log.error('complaint.unknown', { complaintId: complaint.complaintId });
}

/**
 * Compares the list of the last days. The next run repeats a list that WeChat Pay did not answer. A declined list is
 * repeated on the next day, and fails the run: only the operator can correct the cause.
 */
async function listOnceADay(deps: ListDeps, run: ComplaintSweep, untilMs: number): Promise<void> {
  const { table, now, log } = deps;
  const nowMs = now();
  const today = beijingDate(nowMs);
  const list = { source: deps.complaintApi === 'v3' ? 'complaint-list' : 'virtual-complaint-list', id: today };
  if ((await readClaim(table, list, nowMs)) !== undefined) return;
  const claimed = { ...list, value: String(nowMs), expiresAt: Math.floor((nowMs + 2 * DAY_MS) / 1_000) };
  const days = { first: beijingDate(nowMs - (LISTED_DAYS - 1) * DAY_MS), last: today };
  try {
    const { found, isComplete } = await compareList(deps, days, { isOver: () => deps.now() > untilMs });
    run.found += found;
    if (!isComplete) run.more = true;
    else await claim(table, claimed, nowMs);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.error('complaint-list.failed', { error });
    run.more = true;
    if (!isDeclined(error)) return;
    await claim(table, claimed, nowMs);
    throw error;
  }
}
