import { isAppError } from '../core/errors.ts';
import { endDue, listDue, setDue, takeDue, type Due } from '../store/follow-ups.ts';
import { readOrder, type Order } from '../store/orders.ts';
import { readRefund } from '../store/refunds.ts';
import { againAtMs, DAY_MS, MINUTE_MS } from './backoff.ts';
import { checkOrder, closeAtWechat } from './check-order.ts';
import { followRefund, type RefundDeps } from './follow-refund.ts';
import { isOpen } from './order.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import { nextLook } from './settle-refund.ts';

/** So many are asked about at the same time. WeChat allows hundreds of queries a second (pay 2.7). */
const WORKERS = 16;
/** A run takes nothing new after this: the next one begins a minute after this one began. */
const RUN_MS = 45_000;
/** After so many calls in a row that came to an unknown end WeChat is down, and asking on would help nobody. */
const GIVE_UP_AFTER = 2 * WORKERS;
const LONGEST_PAUSE_MS = 30 * MINUTE_MS;

export type SweepDeps = RefundDeps & {
  /** Fetches WeChat's certificates when ours are old. */
  refreshKeys(): Promise<void>;
};

/** What a run came to. */
export interface Sweep {
  /** How many were asked about; `failed` of them could not be, and are due again later. */
  visited: number;
  failed: number;
  /** Whether something that is due was left for the next run. */
  more: boolean;
}

/**
 * Asks WeChat about everything that is due: orders whose notification never came are settled, those past their time are
 * closed, refunds are followed to their end. Never trust silence (pay 4.8).
 */
export async function sweep(deps: SweepDeps): Promise<Sweep> {
  await deps.refreshKeys().catch((error: unknown) => deps.log.warn('pay.certificates-kept', { error }));
  const beganAtMs = deps.now();
  const due = listDue(deps.table, beganAtMs);
  const run = { visited: 0, failed: 0, more: false };
  let inARow = 0;
  const work = async () => {
    for (;;) {
      const { value, done } = await due.next();
      if (done) return;
      if (deps.now() - beganAtMs > RUN_MS || inARow >= GIVE_UP_AFTER) {
        run.more = true;
        return;
      }
      try {
        if (await visit(deps, value)) run.visited += 1;
        inARow = 0;
      } catch (error) {
        run.visited += 1;
        run.failed += 1;
        inARow = isUnknownOutcome(error) ? inARow + 1 : 0;
        // It does not fit our books, which is recorded: only a person can mend that.
        if (isAppError(error, 'ORDER_STATE_CONFLICT')) await setDue(deps.table, value, deps.now() + DAY_MS);
        deps.log.warn('pay.sweep-failed', { kind: value.kind, no: value.no, error });
      }
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  if (run.visited > 0 || run.more) deps.log.info('pay.sweep', { ...run, ms: deps.now() - beganAtMs });
  return run;
}

/** False when somebody else has it, or it has been seen to. */
function visit(deps: RefundDeps, due: Due): Promise<boolean> {
  return due.kind === 'order' ? visitOrder(deps, due) : visitRefund(deps, due);
}

async function visitOrder(deps: RefundDeps, due: Due): Promise<boolean> {
  const order = await readOrder(deps.table, due.no);
  if (!order || !(await takeDue(deps.table, due, lookAgainAt(order, deps.now())))) return false;
  if (isOpen(order) && Date.parse(order.timeExpire) <= deps.now()) {
    await closeAtWechat(deps, order);
    return true;
  }
  const changed = await checkOrder(deps, order).catch((error: unknown) => {
    // Its creation came to nothing, or is still under way.
    if (isAppError(error, 'NOT_FOUND')) return false;
    throw error;
  });
  // Somebody wanted to know whether a closed order was paid after all: it was not.
  if (!changed && !isOpen(order)) await endDue(deps.table, due);
  return true;
}

/** As soon as it can be closed, and before that ever less often. */
function lookAgainAt(order: Order, nowMs: number): number {
  const againAt = againAtMs(order, nowMs, LONGEST_PAUSE_MS);
  const expiresAt = Date.parse(order.timeExpire);
  return expiresAt > nowMs ? Math.min(againAt, expiresAt) : againAt;
}

async function visitRefund(deps: RefundDeps, due: Due): Promise<boolean> {
  const refund = await readRefund(deps.table, due.no);
  if (!refund || !(await takeDue(deps.table, due, nextLook(refund, deps.now()) ?? deps.now() + DAY_MS))) return false;
  await followRefund(deps, due.no);
  return true;
}
