import { readOrder, type Order } from '../store/orders.ts';
import { readRefund, writeRefund, type Refund } from '../store/refunds.ts';
import { OVERTAKEN, untilSettled } from '../core/optimistic-locking.ts';
import { againAtMs, DAY_MS, HOUR_MS } from './backoff.ts';
import { isPaid } from './order.ts';
import type { RefundFact } from '../wechat-pay/pay-api.ts';
import { afterRefund, isFinal, nextStatus } from './refund.ts';
import { refuse, type SettleDeps } from './settle.ts';

/**
 * Books what WeChat says about a refund, ours or one made by hand in the merchant platform: the refund and the money of
 * its order change together. Repeats and words that come late change nothing.
 * @returns `unpaid` when we do not know of the payment yet: nothing is booked then
 * @throws ORDER_STATE_CONFLICT when the refund is genuine but does not fit our books: recorded once, order untouched
 */
export async function settleRefund(deps: SettleDeps, fact: RefundFact): Promise<'booked' | 'known' | 'unpaid'> {
  const { outTradeNo, outRefundNo, status, amountFen } = fact;
  const outcome = await untilSettled(deps, async () => {
    const [order, known] = await Promise.all([readOrder(deps.table, outTradeNo), readRefund(deps.table, outRefundNo)]);
    const reasons = mismatches(order, known, fact);
    if (!order || reasons.length > 0) return refuseRefund(deps, fact, reasons);
    if (!isPaid(order)) return 'unpaid';
    const to = nextStatus(known?.status, status);
    if (to === undefined) return 'known';
    const money = afterRefund(order, { from: known?.status, to, amountFen });
    if (money.refundedFen > order.amountFen) return refuseRefund(deps, fact, ['more than was paid']);
    const refund = { ...(known ?? consoleRefund(fact, deps.now())), ...wordOf(fact, deps.now()) };
    const written = await writeRefund(
      deps.table,
      { order, refund: known },
      { refund, money, dueAtMs: nextLook(refund, deps.now()) },
    );
    return written ? 'booked' : OVERTAKEN;
  });
  if (outcome === 'booked') deps.log.info('order.refund', { outTradeNo, outRefundNo, status, amountFen });
  return outcome;
}

/** @throws ORDER_STATE_CONFLICT */
export function refuseRefund(deps: SettleDeps, fact: RefundFact, reasons: string[]): Promise<never> {
  const { transactionId, refundId, outTradeNo } = fact;
  return refuse(deps, { transactionId, refundId, outTradeNo, reasons });
}

/** A refund that we did not ask for, as somebody told us of it. */
export function consoleRefund(
  { outRefundNo, outTradeNo, amountFen }: Pick<RefundFact, 'outRefundNo' | 'outTradeNo' | 'amountFen'>,
  nowMs: number,
): Refund {
  const createdAt = new Date(nowMs).toISOString();
  return { outRefundNo, outTradeNo, amountFen, status: 'REPORTED', source: 'CONSOLE', createdAt, changedAt: createdAt };
}

/** When to ask WeChat about it next; undefined when its word is final. */
export function nextLook(refund: Refund, nowMs: number): number | undefined {
  if (isFinal(refund)) return undefined;
  return refund.status === 'ABNORMAL' || refund.status === 'REFUSED'
    ? nowMs + DAY_MS
    : againAtMs(refund, nowMs, HOUR_MS);
}

/** When the money arrived is not always said. */
function wordOf({ outTradeNo, amountFen, status, refundId, successAt }: RefundFact, nowMs: number) {
  const changedAt = new Date(nowMs).toISOString();
  const arrived = status === 'SUCCESS' && { successAt: successAt ?? changedAt };
  return { outTradeNo, amountFen, status, refundId, changedAt, ...arrived };
}

function mismatches(order: Order | undefined, refund: Refund | undefined, fact: RefundFact): string[] {
  if (!order) return ['unknown order'];
  return [
    ...(order.mchId === fact.mchId ? [] : ['mchId']),
    ...(order.amountFen === fact.totalFen ? [] : ['amountFen']),
    ...(order.transactionId === undefined || order.transactionId === fact.transactionId ? [] : ['transactionId']),
    // What somebody merely reported is no more than a reason to ask.
    ...(refund && refund.status !== 'REPORTED' && refund.outTradeNo !== fact.outTradeNo ? ['outTradeNo'] : []),
    ...(refund && refund.status !== 'REPORTED' && refund.amountFen !== fact.amountFen ? ['refundFen'] : []),
  ];
}
