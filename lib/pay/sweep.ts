import { isAppError } from '../core/errors.ts';
import { readAccount } from '../store/accounts.ts';
import {
  cancelFollowUp,
  claimFollowUp,
  listDueFollowUps,
  scheduleFollowUp,
  type FollowUp,
} from '../store/follow-ups.ts';
import { ownerOf } from '../store/keys.ts';
import { erasePayer, readOrder, type Order } from '../store/orders.ts';
import { readRefund } from '../store/refunds.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import { DAY_MS, MINUTE_MS, nextQueryAtMs } from './backoff.ts';
import { checkOrder, closeAtWechat } from './check-order.ts';
import { followRefund, type RefundDeps } from './follow-refund.ts';
import { isOpen } from './order.ts';
import { nextFollowUpAtMs } from './settle-refund.ts';

/**
 * Concurrent queries. WeChat Pay allows hundreds of queries a second.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071041
 */
const WORKERS = 16;
/** A run starts no further follow-up after this time. The next run begins a minute after this run began. */
const RUN_MS = 45_000;
/** Circuit breaker: the run ends after this many unknown outcomes in a row, because WeChat is probably down. */
const MAX_FAILURES_IN_A_ROW = 2 * WORKERS;
const LONGEST_PAUSE_MS = 30 * MINUTE_MS;

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
 * Processes the follow-ups that are due. Books payments whose notification is missing, closes expired orders, and
 * queries refunds until their status is final.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012075249
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
        if (await processFollowUp(deps, followUp)) run.visited += 1;
        failuresInARow = 0;
      } catch (error) {
        run.visited += 1;
        run.failed += 1;
        failuresInARow = isUnknownOutcome(error) ? failuresInARow + 1 : 0;
        // Only the operator can resolve the recorded mismatch, so one retry a day is enough.
        if (isAppError(error, 'ORDER_STATE_CONFLICT'))
          await scheduleFollowUp(deps.table, followUp, deps.now() + DAY_MS);
        deps.log.warn('follow-up.failed', { kind: followUp.kind, no: followUp.no, error });
      }
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  if (run.visited > 0 || run.more) deps.log.info('sweep.finished', { ...run, ms: deps.now() - beganAtMs });
  return run;
}

/** Processes one follow-up. @returns false when another run claimed the follow-up, or the follow-up no longer exists */
function processFollowUp(deps: RefundDeps, followUp: FollowUp): Promise<boolean> {
  return followUp.kind === 'order' ? processOrder(deps, followUp) : processRefund(deps, followUp);
}

async function processOrder(deps: RefundDeps, followUp: FollowUp): Promise<boolean> {
  const order = await readOrder(deps.table, followUp.no);
  if (!order || !(await claimFollowUp(deps.table, followUp, nextAttemptAtMs(order, deps.now())))) return false;
  // The close of an account closes the open orders that it finds. This order was stored after that search, or WeChat did
  // not respond to the close.
  const isOrphan =
    isOpen(order) && !(await readAccount(deps.table, ownerOf(order.outTradeNo), 'eventual-with-fallback'));
  if (isOrphan) await erasePayer(deps.table, order.outTradeNo);
  if (isOrphan || (isOpen(order) && Date.parse(order.timeExpire) <= deps.now())) {
    await closeAtWechat(deps, order);
    return true;
  }
  const changed = await checkOrder(deps, order).catch((error: unknown) => {
    // WeChat does not have the order: its creation failed, or is still in progress.
    if (isAppError(error, 'NOT_FOUND')) return false;
    throw error;
  });
  // The follow-up of a closed order looks for a late payment, and WeChat has no such payment.
  if (!changed && !isOpen(order)) await cancelFollowUp(deps.table, followUp);
  return true;
}

/** Returns when to process the order next (epoch ms): with backoff, but an unexpired order at its expiry at the latest. */
function nextAttemptAtMs(order: Order, nowMs: number): number {
  const queryAtMs = nextQueryAtMs(order, nowMs, LONGEST_PAUSE_MS);
  const expiresAtMs = Date.parse(order.timeExpire);
  return expiresAtMs > nowMs ? Math.min(queryAtMs, expiresAtMs) : queryAtMs;
}

async function processRefund(deps: RefundDeps, followUp: FollowUp): Promise<boolean> {
  const refund = await readRefund(deps.table, followUp.no);
  if (!refund) return false;
  const nextAtMs = nextFollowUpAtMs(refund, deps.now()) ?? deps.now() + DAY_MS;
  if (!(await claimFollowUp(deps.table, followUp, nextAtMs))) return false;
  await followRefund(deps, followUp.no);
  return true;
}
