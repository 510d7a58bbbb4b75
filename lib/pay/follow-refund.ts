import { AppError, isAppError } from '../core/errors.ts';
import { endDue } from '../store/follow-ups.ts';
import { readOrder, type Order } from '../store/orders.ts';
import { readRefund, writeRefund, type Refund } from '../store/refunds.ts';
import { OVERTAKEN, untilSettled } from '../core/optimistic-locking.ts';
import { DAY_MS, MINUTE_MS } from './backoff.ts';
import { checkOrder, type CheckDeps } from './check-order.ts';
import { isPaid } from './order.ts';
import type { RefundFact } from '../wechat-pay/pay-api.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import { afterRefund, isFinal } from './refund.ts';
import { settleRefund } from './settle-refund.ts';

export type RefundDeps = CheckDeps & {
  /** Asks WeChat for a refund; the same number again is the same refund. */
  requestRefund(order: Order, refund: Refund): Promise<RefundFact>;
};

/**
 * Asks WeChat what became of a refund, and books it. Where the payment is not in our books yet, that comes first. What
 * WeChat does not know of was never taken: if we wanted it, it is asked for again, under the same number (pay 2.7).
 * @throws what the calls may come to; ORDER_STATE_CONFLICT when it does not fit our books
 */
export async function followRefund(deps: RefundDeps, outRefundNo: string): Promise<void> {
  const refund = await readRefund(deps.table, outRefundNo);
  if (!refund) return;
  if (isFinal(refund)) return endDue(deps.table, { kind: 'refund', no: outRefundNo });
  const order = await readOrder(deps.table, refund.outTradeNo);
  // A bill may show a refund of an order that another system made.
  if (!order) return endDue(deps.table, { kind: 'refund', no: outRefundNo });
  if (!isPaid(order)) await checkOrder(deps, order).catch(unlessNotFound);
  try {
    await settleRefund(deps, await (await deps.payApi(order.api)).queryRefund({ outRefundNo }));
  } catch (error) {
    if (!isAppError(error, 'NOT_FOUND')) throw error;
    if (refund.status === 'REQUESTED') await sendRefund(deps, order, refund);
    else if (isForgotten(refund, deps.now())) await endDue(deps.table, { kind: 'refund', no: outRefundNo });
  }
}

/**
 * Asks WeChat for a refund that is in our books. When it is not taken, the money is free for another one; when nobody
 * knows, it stays in the books and is followed. A refusal may be of a repeat, and the first request was taken: so it is
 * believed only when WeChat knows of no such refund.
 * @throws FORBIDDEN, ORDER_STATE_CONFLICT, WECHAT_CONFIG, INTERNAL: not taken; RATE_LIMITED, WECHAT_UNAVAILABLE,
 * WECHAT_TIMEOUT: nobody knows
 */
export async function sendRefund(deps: RefundDeps, order: Order, refund: Refund): Promise<void> {
  const { outTradeNo, outRefundNo } = refund;
  let fact: RefundFact;
  try {
    fact = await deps.requestRefund(order, refund);
  } catch (error) {
    deps.log.error('pay.refund-failed', { outTradeNo, outRefundNo, error });
    // A limit of calls does not prove that this one was not taken (pay 2.7).
    if (isUnknownOutcome(error) || isAppError(error, 'RATE_LIMITED') || !(error instanceof AppError)) throw error;
    const taken = await (await deps.payApi(order.api)).queryRefund({ outRefundNo }).catch(unlessNotFound);
    if (taken === undefined) {
      await releaseRefund(deps, refund);
      throw error;
    }
    fact = taken;
  }
  await settleRefund(deps, fact);
}

/** Sets the money of this very request free; it is looked at once more, because another one may still be on its way. */
async function releaseRefund({ table, ...deps }: RefundDeps, asked: Refund): Promise<void> {
  await untilSettled(deps, async () => {
    const refund = await readRefund(table, asked.outRefundNo);
    const order = refund && (await readOrder(table, refund.outTradeNo));
    if (!order || refund.status !== 'REQUESTED' || refund.createdAt !== asked.createdAt) return;
    const money = afterRefund(order, { from: 'REQUESTED', to: 'REFUSED', amountFen: refund.amountFen });
    const refused = { ...refund, status: 'REFUSED' as const, changedAt: new Date(deps.now()).toISOString() };
    const change = { refund: refused, money, dueAtMs: deps.now() + MINUTE_MS };
    return (await writeRefund(table, { order, refund }, change)) ? undefined : OVERTAKEN;
  });
}

/** What WeChat refused, or what somebody spoke of: a day later WeChat still knows nothing of it. */
function isForgotten({ status, createdAt }: Refund, nowMs: number): boolean {
  return (status === 'REFUSED' || status === 'REPORTED') && nowMs - Date.parse(createdAt) > DAY_MS;
}

/** That WeChat knows of no such thing is an answer. */
function unlessNotFound(error: unknown): undefined {
  if (!isAppError(error, 'NOT_FOUND')) throw error;
}
