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
  const found = await findRefund(deps, order, refund);
  if (found === 'other' && refund.status === 'REQUESTED') return releaseRefund(deps, refund, found);
  if (found === 'other') return cancelFollowUp(deps.table, { kind: 'refund', no: outRefundNo });
  if (found !== 'absent') return void (await settleRefund(deps, found));
  if (refund.status === 'REQUESTED') await sendRefund(deps, order, refund);
  else if (isAbandoned(refund, deps.now())) await cancelFollowUp(deps.table, { kind: 'refund', no: outRefundNo });
}

/**
 * Requests a stored refund at WeChat and books the response. Declined: the reserved amount is released. Unknown
 * outcome: the amount stays reserved, and the sweep resolves it. WeChat can decline the retry of a request that it
 * accepted, so an error counts as declined only after a query finds no such refund.
 * @throws FORBIDDEN, NOT_FOUND, ORDER_STATE_CONFLICT, WECHAT_CONFIG, INTERNAL when WeChat declines the refund
 * @throws ORDER_STATE_CONFLICT when another refund of the merchant has this number
 * @throws RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the outcome is unknown
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 */
export async function sendRefund(deps: RefundDeps, order: Order, refund: Refund): Promise<void> {
  const { outTradeNo, outRefundNo } = refund;
  let found: Found;
  let decline: unknown;
  try {
    found = compared(await deps.requestRefund(order, refund), order, refund);
  } catch (error) {
    deps.log.error('refund.request-failed', { outTradeNo, outRefundNo, error });
    // WeChat may have accepted the request even if the response is a rate limit error.
    if (isUnknownOutcome(error) || isAppError(error, 'RATE_LIMITED') || !(error instanceof AppError)) throw error;
    decline = error;
    found = await findRefund(deps, order, refund);
  }
  if (found === 'other' || found === 'absent') {
    await releaseRefund(deps, refund, found);
    throw found === 'other' ? numberInUse(outRefundNo) : decline;
  }
  await settleRefund(deps, found);
}

/** Returns the error for a number that belongs to a refund of another system or stage of the merchant. */
export function numberInUse(outRefundNo: string): AppError {
  return new AppError(
    'ORDER_STATE_CONFLICT',
    `Another refund of the merchant has the number ${outRefundNo}; retry with a new outRefundNo`,
    { detail: { outRefundNo } },
  );
}

/**
 * A refund that WeChat has under a number. `absent`: WeChat has no refund of this number. `other`: WeChat has another
 * refund under this number. A number is unique for a merchant, and other systems and stages can share the merchant.
 */
type Found = Verified<WechatRefund> | 'absent' | 'other';

/** Queries a refund by its number. @throws the errors of the query, except NOT_FOUND */
async function findRefund(deps: RefundDeps, order: Order, refund: Refund): Promise<Found> {
  const { status } = refund;
  const found = await (await deps.refundApi(order.api)).query(refund, order).catch(ignoreNotFound);
  if (found === undefined) return 'absent';
  if (status !== 'REPORTED') return compared(found, order, refund);
  // The fields of a REPORTED refund are unconfirmed. WeChat names the order to which the refund belongs.
  return (await readOrder(deps.table, found.outTradeNo)) ? found : 'other';
}

/**
 * Compares a refund of WeChat with the requested refund. After WeChat accepted the refund, its number cannot belong to
 * another refund: a difference is then a mismatch, which settleRefund reports.
 */
function compared(found: Verified<WechatRefund>, { transactionId }: Order, refund: Refund): Found {
  const isAccepted = refund.status !== 'REQUESTED' && refund.status !== 'REFUSED';
  const isSame =
    found.outTradeNo === refund.outTradeNo &&
    found.amountFen === refund.amountFen &&
    (transactionId === undefined || found.transactionId === transactionId);
  return isAccepted || isSame ? found : 'other';
}

/**
 * Releases the amount that this request reserved. Schedules a follow-up for a declined request, because a concurrent
 * copy of the request may still reach WeChat. A number of another refund needs no follow-up.
 */
async function releaseRefund(deps: RefundDeps, requested: Refund, reason: 'absent' | 'other'): Promise<void> {
  const { table, log } = deps;
  const isOther = reason === 'other';
  await retryOnConflict(deps, async () => {
    const refund = await readRefund(table, requested.outRefundNo);
    const order = refund && (await readOrder(table, refund.outTradeNo));
    if (!order || refund.status !== 'REQUESTED' || refund.createdAt !== requested.createdAt) return;
    const money = afterRefund(order, { from: 'REQUESTED', to: 'REFUSED', amountFen: refund.amountFen });
    const changedAt = new Date(deps.now()).toISOString();
    const released: Refund = { ...refund, status: 'REFUSED', changedAt, ...(isOther && { numberInUse: true }) };
    const change = { refund: released, money, followUpAtMs: isOther ? undefined : deps.now() + MINUTE_MS };
    return (await writeRefund(table, { order, refund }, change)) ? undefined : VERSION_CONFLICT;
  });
  if (isOther) {
    const { outTradeNo, outRefundNo } = requested;
    log.warn('refund.number-in-use', { outTradeNo, outRefundNo });
  }
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
