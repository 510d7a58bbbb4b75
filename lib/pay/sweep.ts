import { isAppError } from '../core/errors.ts';
import {
  cancelFollowUp,
  claimFollowUp,
  listDueFollowUps,
  scheduleFollowUp,
  type FollowUp,
} from '../store/follow-ups.ts';
import { readOrder, type Order } from '../store/orders.ts';
import { readRefund } from '../store/refunds.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import { DAY_MS, MINUTE_MS, nextQueryAtMs } from './backoff.ts';
import { checkOrder, closeAtWechat } from './check-order.ts';
import { followRefund, type RefundDeps } from './follow-refund.ts';
import { isOpen } from './order.ts';
import { nextFollowUpAtMs } from './settle-refund.ts';

/** Concurrent queries. WeChat allows hundreds of queries a second (pay 2.7). */
const WORKERS = 16;
/** A run starts nothing new after this time: the next run begins a minute after this one began. */
const RUN_MS = 45_000;
/** Circuit breaker: after this many unknown outcomes in a row WeChat is down, and the run ends. */
const MAX_FAILURES_IN_A_ROW = 2 * WORKERS;
const LONGEST_PAUSE_MS = 30 * MINUTE_MS;

export type SweepDeps = RefundDeps & {
  /** Fetches WeChat's certificates when the stored ones are old. */
  refreshKeys(): Promise<void>;
};

/** The result of one run. */
export interface Sweep {
  /** Follow-ups that this run claimed; `failed` of them are scheduled again. */
  visited: number;
  failed: number;
  /** Whether due follow-ups are left for the next run. */
  more: boolean;
}

/**
 * Works through the follow-ups that are due: settles orders whose notification never came, closes orders past their time,
 * follows refunds to their end (pay 4.8).
 */
export async function sweep(deps: SweepDeps): Promise<Sweep> {
  await deps.refreshKeys().catch((error: unknown) => deps.log.warn('certificates.refresh-failed', { error }));
  const beganAtMs = deps.now();
  const dueFollowUps = listDueFollowUps(deps.table, beganAtMs);
  const run = { visited: 0, failed: 0, more: false };
  let failuresInARow = 0;
  const work = async () => {
    for (;;) {
      const { value: followUp, done } = await dueFollowUps.next();
      if (done) return;
      if (deps.now() - beganAtMs > RUN_MS || failuresInARow >= MAX_FAILURES_IN_A_ROW) {
        run.more = true;
        return;
      }
      try {
        if (await visit(deps, followUp)) run.visited += 1;
        failuresInARow = 0;
      } catch (error) {
        run.visited += 1;
        run.failed += 1;
        failuresInARow = isUnknownOutcome(error) ? failuresInARow + 1 : 0;
        // The mismatch is recorded, and only an operator can resolve it.
        if (isAppError(error, 'ORDER_STATE_CONFLICT'))
          await scheduleFollowUp(deps.table, followUp, deps.now() + DAY_MS);
        deps.log.warn('sweep.visit-failed', { kind: followUp.kind, no: followUp.no, error });
      }
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  if (run.visited > 0 || run.more) deps.log.info('sweep.finished', { ...run, ms: deps.now() - beganAtMs });
  return run;
}

/** Returns false when another run claimed the follow-up or it is settled. */
function visit(deps: RefundDeps, followUp: FollowUp): Promise<boolean> {
  return followUp.kind === 'order' ? visitOrder(deps, followUp) : visitRefund(deps, followUp);
}

async function visitOrder(deps: RefundDeps, followUp: FollowUp): Promise<boolean> {
  const order = await readOrder(deps.table, followUp.no);
  if (!order || !(await claimFollowUp(deps.table, followUp, nextVisitAtMs(order, deps.now())))) return false;
  if (isOpen(order) && Date.parse(order.timeExpire) <= deps.now()) {
    await closeAtWechat(deps, order);
    return true;
  }
  const changed = await checkOrder(deps, order).catch((error: unknown) => {
    // The creation failed, or is still under way.
    if (isAppError(error, 'NOT_FOUND')) return false;
    throw error;
  });
  // A follow-up of a closed order checks for a late payment; WeChat has none.
  if (!changed && !isOpen(order)) await cancelFollowUp(deps.table, followUp);
  return true;
}

/** With backoff, but as soon as the order can be closed. */
function nextVisitAtMs(order: Order, nowMs: number): number {
  const queryAtMs = nextQueryAtMs(order, nowMs, LONGEST_PAUSE_MS);
  const expiresAtMs = Date.parse(order.timeExpire);
  return expiresAtMs > nowMs ? Math.min(queryAtMs, expiresAtMs) : queryAtMs;
}

async function visitRefund(deps: RefundDeps, followUp: FollowUp): Promise<boolean> {
  const refund = await readRefund(deps.table, followUp.no);
  if (!refund) return false;
  const nextAtMs = nextFollowUpAtMs(refund, deps.now()) ?? deps.now() + DAY_MS;
  if (!(await claimFollowUp(deps.table, followUp, nextAtMs))) return false;
  await followRefund(deps, followUp.no);
  return true;
}
