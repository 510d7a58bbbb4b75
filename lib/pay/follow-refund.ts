import { AppError, isAppError } from '../core/errors.ts';
import { cancelFollowUp } from '../store/follow-ups.ts';
import { isPaid } from '../store/order-states.ts';
import { readOrder, type Order, type PayApiName } from '../store/orders.ts';
import { readRefund, writeRefund, type Refund } from '../store/refunds.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';
import { DAY_MS, MINUTE_MS } from './backoff.ts';
import { checkOrder, type CheckDeps } from './check-order.ts';
import type { RefundApi, WechatRefund } from '../wechat-pay/pay-api.ts';
import type { Verified } from '../wechat-pay/verified.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import { afterRefund, isFinal } from './refund.ts';
import { settleRefund } from './settle-refund.ts';

export type RefundDeps = CheckDeps & {
  /** Returns the calls about refunds. A refund is queried in the protocol that created its order. */
  refundApi(name: PayApiName): Promise<RefundApi>;
  /** Requests a refund at WeChat. Idempotent by `outRefundNo`. */
  requestRefund(order: Order, refund: Refund): Promise<Verified<WechatRefund>>;
};

/**
 * Queries a refund at WeChat and books its status. If the ledger lacks the payment, the order is queried first. If
 * WeChat has no such refund, WeChat never accepted the request. A request of this service is then sent again under the
 * same number.
 * @throws ORDER_STATE_CONFLICT when a response does not match the ledger; the errors of the calls
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4014959631
 */
export async function followRefund(deps: RefundDeps, outRefundNo: string): Promise<void> {
  const refund = await readRefund(deps.table, outRefundNo);
  if (!refund) return;
  if (isFinal(refund)) return cancelFollowUp(deps.table, { kind: 'refund', no: outRefundNo });
  const order = await readOrder(deps.table, refund.outTradeNo);
  // The order determines the protocol of the query, so a refund without an order cannot be queried.
  if (!order) return cancelFollowUp(deps.table, { kind: 'refund', no: outRefundNo });
  if (!isPaid(order)) await checkOrder(deps, order).catch(ignoreNotFound);
  try {
    await settleRefund(deps, await (await deps.refundApi(order.api)).query({ outRefundNo }));
  } catch (error) {
    if (!isAppError(error, 'NOT_FOUND')) throw error;
    if (refund.status === 'REQUESTED') await sendRefund(deps, order, refund);
    else if (isAbandoned(refund, deps.now())) await cancelFollowUp(deps.table, { kind: 'refund', no: outRefundNo });
  }
}

/**
 * Requests a stored refund at WeChat and books the response. Declined: the reserved amount is released. Unknown
 * outcome: the amount stays reserved, and the sweep resolves it. WeChat can decline the retry of a request that it
 * accepted, so an error counts as declined only after a query finds no such refund.
 * @throws FORBIDDEN, NOT_FOUND, ORDER_STATE_CONFLICT, WECHAT_CONFIG, INTERNAL when WeChat declines the refund
 * @throws RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the outcome is unknown
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 */
export async function sendRefund(deps: RefundDeps, order: Order, refund: Refund): Promise<void> {
  const { outTradeNo, outRefundNo } = refund;
  let answer: Verified<WechatRefund>;
  try {
    answer = await deps.requestRefund(order, refund);
  } catch (error) {
    deps.log.error('refund.request-failed', { outTradeNo, outRefundNo, error });
    // WeChat may have accepted the request even if the response is a rate limit error.
    if (isUnknownOutcome(error) || isAppError(error, 'RATE_LIMITED') || !(error instanceof AppError)) throw error;
    const accepted = await (await deps.refundApi(order.api)).query({ outRefundNo }).catch(ignoreNotFound);
    if (accepted === undefined) {
      await releaseRefund(deps, refund);
      throw error;
    }
    answer = accepted;
  }
  await settleRefund(deps, answer);
}

/**
 * Releases the amount that this request reserved. Schedules a follow-up, because a concurrent copy of the request may
 * still reach WeChat.
 */
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

/**
 * Returns whether to stop querying a refund that WeChat does not have: true for a declined or reported refund
 * that is older than a day.
 */
function isAbandoned({ status, createdAt }: Refund, nowMs: number): boolean {
  return (status === 'REFUSED' || status === 'REPORTED') && nowMs - Date.parse(createdAt) > DAY_MS;
}

/** Turns NOT_FOUND into undefined, and throws any other error. */
function ignoreNotFound(error: unknown): undefined {
  if (!isAppError(error, 'NOT_FOUND')) throw error;
}
