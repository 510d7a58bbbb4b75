import type { Order } from '../store/orders.ts';
import type { Refund, RefundMoney, RefundStatus } from '../store/refunds.ts';

/**
 * How a refund counts in its order, by status: as being refunded (`held`), as refunded (`back`), or not at all
 * (`none`).
 */
const EFFECT: Record<RefundStatus, 'none' | 'held' | 'back'> = {
  REPORTED: 'none',
  REQUESTED: 'held',
  PROCESSING: 'held',
  // The money did not reach the payer. The operator has to act in the merchant platform.
  ABNORMAL: 'held',
  SUCCESS: 'back',
  CLOSED: 'none',
  REFUSED: 'none',
};

/**
 * Maximum number of refunds of one order.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 */
export const MAX_REFUNDS = 50;

/** Returns the amount of an order that can still be refunded (fen). */
export function refundableFen({ amountFen, refundedFen, refundingFen }: Order): number {
  return amountFen - refundedFen - refundingFen;
}

/** Returns whether the status is final: WeChat never changes it. */
export function isFinal({ status }: Pick<Refund, 'status'>): boolean {
  return status === 'SUCCESS' || status === 'CLOSED';
}

/**
 * Returns the status after a report, or undefined when the report changes nothing. A final status never changes. After
 * WeChat has accepted a refund, the earlier statuses REPORTED, REQUESTED and REFUSED change nothing.
 */
export function nextStatus(status: RefundStatus | undefined, reported: RefundStatus): RefundStatus | undefined {
  if (status === undefined) return reported;
  if (status === reported || isFinal({ status })) return undefined;
  const isAccepted = ['PROCESSING', 'ABNORMAL'].includes(status);
  return isAccepted && ['REPORTED', 'REQUESTED', 'REFUSED'].includes(reported) ? undefined : reported;
}

/**
 * Returns the amounts and the state of an order after a change of one of its refunds.
 * @param from the former status of the refund, undefined for a new refund
 * @param amountFen the amount of the refund
 */
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

/** Returns the state of a paid order. After a partial refund the order is PAID. */
function stateOf({ amountFen, refundedFen, refundingFen }: Order): Order['state'] {
  if (refundingFen > 0) return 'REFUNDING';
  return refundedFen >= amountFen ? 'REFUNDED' : 'PAID';
}

function weight(status: RefundStatus | undefined, effect: 'held' | 'back'): number {
  return status !== undefined && EFFECT[status] === effect ? 1 : 0;
}
