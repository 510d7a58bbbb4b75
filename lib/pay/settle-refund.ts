import { isPaid } from '../store/order-states.ts';
import { readOrder, type Order } from '../store/orders.ts';
import { readRefund, writeRefund, type Refund } from '../store/refunds.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';
import { nextQueryAtMs, DAY_MS, HOUR_MS } from './backoff.ts';
import type { WechatRefund } from '../wechat-pay/pay-api.ts';
import { requireVerified, type Verified } from '../wechat-pay/verified.ts';
import { afterRefund, isFinal, nextStatus } from './refund.ts';
import { consoleRefund } from './report-refund.ts';
import { rejectMismatch, type SettleDeps } from './settle.ts';

/**
 * Books a refund that WeChat reported. The refund was requested by this service or made in the merchant platform. The
 * refund and the amounts of its order change in one transaction. Repeated and late reports change nothing.
 * @returns `booked`, `unchanged` for a repeated or late report, `unpaid` when the ledger lacks the payment, or `foreign`
 * when it lacks the order; `unpaid` and `foreign` book nothing
 * @throws ORDER_STATE_CONFLICT when a genuine refund does not match the ledger. The mismatch is recorded once, and the
 * order is unchanged.
 */
export async function settleRefund(
  deps: SettleDeps,
  reported: Verified<WechatRefund>,
): Promise<'booked' | 'unchanged' | 'unpaid' | 'foreign'> {
  requireVerified(reported);
  const { outTradeNo, outRefundNo, status, amountFen } = reported;
  const outcome = await retryOnConflict(deps, async () => {
    const [order, stored] = await Promise.all([readOrder(deps.table, outTradeNo), readRefund(deps.table, outRefundNo)]);
    if (!order) return 'foreign';
    const reasons = mismatches(order, stored, reported);
    if (reasons.length > 0) return rejectRefund(deps, reported, reasons);
    if (!isPaid(order)) return 'unpaid';
    const to = nextStatus(stored?.status, status);
    if (to === undefined) return 'unchanged';
    const money = afterRefund(order, { from: stored?.status, to, amountFen });
    if (money.refundedFen > order.amountFen) return rejectRefund(deps, reported, ['more than was paid']);
    const refund = { ...(stored ?? consoleRefund(reported, deps.now())), ...reportedFields(reported, deps.now()) };
    const written = await writeRefund(
      deps.table,
      { order, refund: stored },
      { refund, money, followUpAtMs: nextFollowUpAtMs(refund, deps.now()) },
    );
    return written ? 'booked' : VERSION_CONFLICT;
  });
  if (outcome === 'booked') deps.log.info('refund.booked', { outTradeNo, outRefundNo, status, amountFen });
  return outcome;
}

/** Records a refund that does not match the ledger. @throws ORDER_STATE_CONFLICT always */
function rejectRefund(deps: SettleDeps, refund: WechatRefund, reasons: string[]): Promise<never> {
  const { transactionId, refundId, outTradeNo } = refund;
  return rejectMismatch(deps, { transactionId, refundId, outTradeNo, reasons });
}

/** Returns when to query WeChat next about a refund (epoch ms), or undefined for a final status. */
export function nextFollowUpAtMs(refund: Refund, nowMs: number): number | undefined {
  if (isFinal(refund)) return undefined;
  return refund.status === 'ABNORMAL' || refund.status === 'REFUSED'
    ? nowMs + DAY_MS
    : nextQueryAtMs(refund, nowMs, HOUR_MS);
}

/** Selects the fields to store. If WeChat omits the time of success, the time of the report is stored. */
function reportedFields({ outTradeNo, amountFen, status, refundId, successAt }: WechatRefund, nowMs: number) {
  const changedAt = new Date(nowMs).toISOString();
  const arrived = status === 'SUCCESS' && { successAt: successAt ?? changedAt };
  return { outTradeNo, amountFen, status, refundId, changedAt, ...arrived };
}

function mismatches(order: Order, refund: Refund | undefined, reported: WechatRefund): string[] {
  return [
    ...(order.mchId === reported.mchId ? [] : ['mchId']),
    ...(order.amountFen === reported.totalFen ? [] : ['amountFen']),
    ...(order.transactionId === undefined || order.transactionId === reported.transactionId ? [] : ['transactionId']),
    // The fields of a REPORTED refund are unconfirmed, so they are not compared.
    ...(refund && refund.status !== 'REPORTED' && refund.outTradeNo !== reported.outTradeNo ? ['outTradeNo'] : []),
    ...(refund && refund.status !== 'REPORTED' && refund.amountFen !== reported.amountFen ? ['refundFen'] : []),
  ];
}
