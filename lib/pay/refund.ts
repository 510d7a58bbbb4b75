import type { Order } from '../store/orders.ts';
import type { Refund, RefundMoney, RefundStatus } from '../store/refunds.ts';

/** The effect of a refund in this status on the money of its order. */
const EFFECT: Record<RefundStatus, 'none' | 'held' | 'back'> = {
  REPORTED: 'none',
  REQUESTED: 'held',
  PROCESSING: 'held',
  // The money did not reach the payer, and an operator has to act in the merchant platform.
  ABNORMAL: 'held',
  SUCCESS: 'back',
  CLOSED: 'none',
  REFUSED: 'none',
};

/** Maximum number of refunds of one order (pay 2.7). */
export const MAX_REFUNDS = 50;

/** The amount of an order that can still be refunded. */
export function refundableFen({ amountFen, refundedFen, refundingFen }: Order): number {
  return amountFen - refundedFen - refundingFen;
}

/** Whether WeChat will not change this status any more. */
export function isFinal({ status }: Pick<Refund, 'status'>): boolean {
  return status === 'SUCCESS' || status === 'CLOSED';
}

/**
 * The status after a report; undefined when the report changes nothing. A final status stays, and a status of WeChat's is
 * never replaced by one from before WeChat accepted the refund.
 */
export function nextStatus(status: RefundStatus | undefined, reported: RefundStatus): RefundStatus | undefined {
  if (status === undefined) return reported;
  if (status === reported || isFinal({ status })) return undefined;
  const isAccepted = ['PROCESSING', 'ABNORMAL'].includes(status);
  return isAccepted && ['REPORTED', 'REQUESTED', 'REFUSED'].includes(reported) ? undefined : reported;
}

/** The money and state of an order after one of its refunds of `amountFen` went from one status to another. */
export function afterRefund(
  order: Order,
  { from, to, amountFen }: { from: RefundStatus | undefined; to: RefundStatus; amountFen: number },
): RefundMoney {
  const change = (effect: 'held' | 'back') => weight(to, effect) - weight(from, effect);
  const refundedFen = order.refundedFen + change('back') * amountFen;
  const refundingFen = order.refundingFen + change('held') * amountFen;
  const refundCount = order.refundCount + change('held') + change('back');
  return { refundedFen, refundingFen, refundCount, state: stateOf({ ...order, refundedFen, refundingFen }) };
}

/** A refund of a part leaves the order PAID. */
function stateOf({ amountFen, refundedFen, refundingFen }: Order): Order['state'] {
  if (refundingFen > 0) return 'REFUNDING';
  return refundedFen >= amountFen ? 'REFUNDED' : 'PAID';
}

function weight(status: RefundStatus | undefined, effect: 'held' | 'back'): number {
  return status !== undefined && EFFECT[status] === effect ? 1 : 0;
}
