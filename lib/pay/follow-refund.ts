import { AppError, isAppError } from '../core/errors.ts';
import { cancelFollowUp } from '../store/follow-ups.ts';
import { readOrder, type Order } from '../store/orders.ts';
import { readRefund, writeRefund, type Refund } from '../store/refunds.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';
import { DAY_MS, MINUTE_MS } from './backoff.ts';
import { checkOrder, type CheckDeps } from './check-order.ts';
import { isPaid } from './order.ts';
import type { WechatRefund } from '../wechat-pay/pay-api.ts';
import type { Verified } from '../wechat-pay/verified.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import { afterRefund, isFinal } from './refund.ts';
import { settleRefund } from './settle-refund.ts';

export type RefundDeps = CheckDeps & {
  /** Requests a refund at WeChat; the same number again is the same refund. */
  requestRefund(order: Order, refund: Refund): Promise<Verified<WechatRefund>>;
};

/**
 * Queries a refund at WeChat and settles the answer, after the payment if the ledger lacks it. A refund that WeChat does
 * not have was never accepted: if it was requested here, it is requested again under the same number (pay 2.7).
 * @throws the errors of the calls; ORDER_STATE_CONFLICT when the answer does not match the ledger
 */
export async function followRefund(deps: RefundDeps, outRefundNo: string): Promise<void> {
  const refund = await readRefund(deps.table, outRefundNo);
  if (!refund) return;
  if (isFinal(refund)) return cancelFollowUp(deps.table, { kind: 'refund', no: outRefundNo });
  const order = await readOrder(deps.table, refund.outTradeNo);
  // A bill may show a refund of an order that another system made.
  if (!order) return cancelFollowUp(deps.table, { kind: 'refund', no: outRefundNo });
  if (!isPaid(order)) await checkOrder(deps, order).catch(ignoreNotFound);
  try {
    await settleRefund(deps, await (await deps.payApi(order.api)).queryRefund({ outRefundNo }));
  } catch (error) {
    if (!isAppError(error, 'NOT_FOUND')) throw error;
    if (refund.status === 'REQUESTED') await sendRefund(deps, order, refund);
    else if (isAbandoned(refund, deps.now())) await cancelFollowUp(deps.table, { kind: 'refund', no: outRefundNo });
  }
}

/**
 * Requests a stored refund at WeChat. Declined: the reserved amount is released. Unknown outcome: the amount stays
 * reserved, and the sweep resolves it. WeChat may decline a repeat although it accepted the first request, so an error
 * counts as declined only after a query finds no such refund.
 * @throws FORBIDDEN, ORDER_STATE_CONFLICT, WECHAT_CONFIG, INTERNAL: declined; RATE_LIMITED, WECHAT_UNAVAILABLE,
 * WECHAT_TIMEOUT: outcome unknown
 */
export async function sendRefund(deps: RefundDeps, order: Order, refund: Refund): Promise<void> {
  const { outTradeNo, outRefundNo } = refund;
  let answer: Verified<WechatRefund>;
  try {
    answer = await deps.requestRefund(order, refund);
  } catch (error) {
    deps.log.error('refund.request-failed', { outTradeNo, outRefundNo, error });
    // A rate limit does not prove that WeChat did not accept the request (pay 2.7).
    if (isUnknownOutcome(error) || isAppError(error, 'RATE_LIMITED') || !(error instanceof AppError)) throw error;
    const accepted = await (await deps.payApi(order.api)).queryRefund({ outRefundNo }).catch(ignoreNotFound);
    if (accepted === undefined) {
      await releaseRefund(deps, refund);
      throw error;
    }
    answer = accepted;
  }
  await settleRefund(deps, answer);
}

/** Releases the amount of exactly this request. The follow-up covers another request that may still be under way. */
async function releaseRefund({ table, ...deps }: RefundDeps, declined: Refund): Promise<void> {
  await retryOnConflict(deps, async () => {
    const refund = await readRefund(table, declined.outRefundNo);
    const order = refund && (await readOrder(table, refund.outTradeNo));
    if (!order || refund.status !== 'REQUESTED' || refund.createdAt !== declined.createdAt) return;
    const money = afterRefund(order, { from: 'REQUESTED', to: 'REFUSED', amountFen: refund.amountFen });
    const released = { ...refund, status: 'REFUSED' as const, changedAt: new Date(deps.now()).toISOString() };
    const change = { refund: released, money, followUpAtMs: deps.now() + MINUTE_MS };
    return (await writeRefund(table, { order, refund }, change)) ? undefined : VERSION_CONFLICT;
  });
}

/** A declined or merely reported refund that WeChat still does not have after a day. */
function isAbandoned({ status, createdAt }: Refund, nowMs: number): boolean {
  return (status === 'REFUSED' || status === 'REPORTED') && nowMs - Date.parse(createdAt) > DAY_MS;
}

/** NOT_FOUND is an answer here, not an error. */
function ignoreNotFound(error: unknown): undefined {
  if (!isAppError(error, 'NOT_FOUND')) throw error;
}
