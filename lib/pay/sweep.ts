import * as v from 'valibot';
import { AppError, isAppError } from '../core/errors.ts';
import { countMetric } from '../core/metrics.ts';
import { workThrough, type Outcome } from '../core/work-through.ts';
import {
  claimFollowUp,
  dueFollowUpPages,
  scheduleFollowUp,
  type FollowUp,
  type SchedulePart,
} from '../store/follow-ups.ts';
import { ownerOf } from '../store/keys.ts';
import { readRefund } from '../store/refunds.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import { DAY_MS } from './backoff.ts';
import { followOrder } from './follow-order.ts';
import { followRefund, type RefundDeps } from './follow-refund.ts';
import { nextFollowUpAtMs } from './settle-refund.ts';
import { takeTurns } from './take-turns.ts';

/**
 * Concurrent visits of one run, by kind: neither kind takes workers of the other. The four runs of a minute together
 * stay below the 300 queries a second that WeChat Pay permits. lib/README.md has the numbers.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791859
 */
const WORKERS = { order: 16, refund: 4 };
/** A run starts no further follow-up after this time. The next run begins a minute after this run began. */
const RUN_MS = 55_000;
/** Circuit breaker: a kind ends after this many unknown outcomes per worker in a row, because WeChat is probably down. */
const MAX_FAILURES_PER_WORKER = 2;

const input = v.object({
  part: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  of: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
});

export type SweepDeps = RefundDeps & {
  /** Fetches the platform certificates if the stored list is old. */
  refreshKeys(): Promise<void>;
};

/** The result of one run. */
export interface Sweep {
  /** Follow-ups that this run claimed. `failed` of them stay in the schedule for a retry. */
  visited: number;
  failed: number;
  /** Whether due follow-ups are left for the next run. */
  more: boolean;
}

/**
 * Processes the due follow-ups of one part of the schedule, or of the whole schedule without an input. Books payments
 * whose notification is missing, closes expired orders, and queries refunds until their status is final.
 * @param request `{part, of}`, such as `{part: 0, of: 4}` for the first quarter
 * @throws PARAM_ERROR for another input
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012075249
 */
export async function sweep(deps: SweepDeps, request: unknown = {}): Promise<Sweep> {
  const part = readPart(request);
  await deps.refreshKeys().catch((error: unknown) => deps.log.warn('certificates.refresh-failed', { error }));
  const beganAtMs = deps.now();
  const [orders, refunds] = await Promise.all([
    sweepKind(deps, { kind: 'order', part, beganAtMs }),
    sweepKind(deps, { kind: 'refund', part, beganAtMs }),
  ]);
  const run = {
    visited: orders.visited + refunds.visited,
    failed: orders.failed + refunds.failed,
    more: orders.more || refunds.more,
  };
  if (run.visited > 0 || run.more) deps.log.info('sweep.finished', { ...run, ...part, ms: deps.now() - beganAtMs });
  if (run.more) countMetric('UnfinishedSweeps', {});
  return run;
}

function readPart(request: unknown): SchedulePart {
  const parsed = v.safeParse(input, request ?? {});
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const { part, of } = parsed.output;
  if (part >= of) throw new AppError('PARAM_ERROR', 'part: must be below `of`; send {} to sweep the whole schedule');
  return { part, of };
}

/** Processes the due follow-ups of one kind. Their owners take turns. */
async function sweepKind(
  deps: RefundDeps,
  { kind, part, beganAtMs }: { kind: keyof typeof WORKERS; part: SchedulePart; beganAtMs: number },
): Promise<Sweep> {
  const readPages = () => dueFollowUpPages(deps.table, { kind, nowMs: beganAtMs, ...part });
  const dueFollowUps = takeTurns(readPages, ({ no }) => (kind === 'order' ? ownerOf(no) : no));
  return workThrough(dueFollowUps, {
    workers: WORKERS[kind],
    maxFailures: MAX_FAILURES_PER_WORKER * WORKERS[kind],
    isOver: () => deps.now() - beganAtMs > RUN_MS,
    visit: (followUp) => visitFollowUp(deps, followUp),
  });
}

async function visitFollowUp(deps: RefundDeps, followUp: FollowUp): Promise<Outcome> {
  const { kind, no } = followUp;
  try {
    const follow = kind === 'order' ? followOrder : claimAndFollowRefund;
    return (await follow(deps, followUp)) ? 'done' : 'skipped';
  } catch (error) {
    // Only the operator can resolve the recorded mismatch, so one retry a day is enough.
    if (isAppError(error, 'ORDER_STATE_CONFLICT')) await scheduleFollowUp(deps.table, followUp, deps.now() + DAY_MS);
    deps.log.warn('follow-up.failed', { kind, no, error });
    return isUnknownOutcome(error) || isAppError(error, 'RATE_LIMITED') ? 'failed' : 'declined';
  }
}

/** Processes the follow-up of a refund. @returns false when another run claimed it, or the refund does not exist */
async function claimAndFollowRefund(deps: RefundDeps, followUp: FollowUp): Promise<boolean> {
  const refund = await readRefund(deps.table, followUp.no);
  if (!refund) return false;
  const nextAtMs = nextFollowUpAtMs(refund, deps.now()) ?? deps.now() + DAY_MS;
  if (!(await claimFollowUp(deps.table, followUp, nextAtMs))) return false;
  await followRefund(deps, followUp.no);
  return true;
}
