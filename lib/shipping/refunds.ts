import type { Order } from '../store/orders.ts';

type Refunded = Pick<Order, 'state' | 'amountFen' | 'refundedFen' | 'refundingFen'>;

/** Whether the buyer has the whole payment back, so that nothing is left to ship. */
export function isRefundedInFull({ state }: Refunded): boolean {
  return state === 'REFUNDED';
}

/** Whether refunds under way return the rest of the payment. They can still fail. */
export function isRefundOfAllUnderWay({ state, amountFen, refundedFen, refundingFen }: Refunded): boolean {
  return state === 'REFUNDING' && refundedFen + refundingFen >= amountFen;
}
