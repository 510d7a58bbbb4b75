import type { Order } from '../store/orders.ts';
import type { Refund, RefundStatus } from '../store/refunds.ts';

type Money = Pick<Order, 'state' | 'refundedFen' | 'refundingFen' | 'refundCount'>;

/** What a refund in this status does to the money of its order: nothing, holds it, or has given it back. */
const EFFECT: Record<RefundStatus, 'none' | 'held' | 'back'> = {
  REPORTED: 'none',
  REQUESTED: 'held',
  PROCESSING: 'held',
  // The money is not with the payer and will not come back by itself: somebody has to act in the merchant platform.
  ABNORMAL: 'held',
  SUCCESS: 'back',
  CLOSED: 'none',
  REFUSED: 'none',
};

/** At most so many refunds of one order (pay 2.7). */
export const MAX_REFUNDS = 50;

/** What can still be given back of an order. */
export function refundableFen({ amountFen, refundedFen, refundingFen }: Order): number {
  return amountFen - refundedFen - refundingFen;
}

/** Whether WeChat's word on this refund will not change any more. */
export function isFinal({ status }: Pick<Refund, 'status'>): boolean {
  return status === 'SUCCESS' || status === 'CLOSED';
}

/**
 * The status after WeChat, or the operator, said `told`; undefined when that changes nothing. What is final stays, and
 * nothing goes back to a status of which WeChat knew less.
 */
export function nextStatus(status: RefundStatus | undefined, told: RefundStatus): RefundStatus | undefined {
  if (status === undefined) return told;
  if (status === told || isFinal({ status })) return undefined;
  const known = ['PROCESSING', 'ABNORMAL'].includes(status);
  return known && ['REPORTED', 'REQUESTED', 'REFUSED'].includes(told) ? undefined : told;
}

/** The money of an order, and its state, after one of its refunds of `amountFen` went from one status to another. */
export function afterRefund(
  order: Order,
  { from, to, amountFen }: { from: RefundStatus | undefined; to: RefundStatus; amountFen: number },
): Money {
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
