import type { Order, OrderState } from '../store/orders.ts';

/** What can happen to an order before its money moves. */
export type OrderEvent = 'accepted' | 'paid' | 'closed';

/**
 * The whole life of an order.
 *
 *   CREATED --accepted--> NOTPAY --paid--> PAID <--> REFUNDING --> REFUNDED      (by the refunds there are)
 *      \____________________/ \--closed--> CLOSED --paid--> PAID
 *
 * WeChat's word on money is final: a payment that arrives after the close is a payment.
 */
const NEXT: Record<OrderEvent, Partial<Record<OrderState, OrderState>>> = {
  // Also a second time: the order stays, and has a new handle.
  accepted: { CREATED: 'NOTPAY', NOTPAY: 'NOTPAY' },
  paid: { CREATED: 'PAID', NOTPAY: 'PAID', CLOSED: 'PAID' },
  closed: { CREATED: 'CLOSED', NOTPAY: 'CLOSED' },
};

/** The state after `event`; undefined when the event changes nothing. */
export function nextState(state: OrderState, event: OrderEvent): OrderState | undefined {
  return NEXT[event][state];
}

/** The states that `event` changes: what a conditional write has to find. */
export function statesBefore(event: OrderEvent): OrderState[] {
  return Object.keys(NEXT[event]) as OrderState[];
}

/** Whether WeChat may still change the order. */
export function isOpen({ state }: Pick<Order, 'state'>): boolean {
  return state === 'CREATED' || state === 'NOTPAY';
}

/** Whether money was paid for it, whatever became of that money. */
export function isPaid({ state }: Pick<Order, 'state'>): boolean {
  return state === 'PAID' || state === 'REFUNDING' || state === 'REFUNDED';
}

type Shown = 'outTradeNo' | 'sku' | 'description' | 'amountFen' | 'currency' | 'state' | 'createdAt' | 'refundedFen';

/** What a client may know of its order. */
export type OrderView = Pick<Order, Shown> & { paidAt: string | null };

/** The order as its buyer sees it. */
export function orderView(order: Order): OrderView {
  const { outTradeNo, sku, description, amountFen, currency, state, createdAt, paidAt = null, refundedFen } = order;
  return { outTradeNo, sku, description, amountFen, currency, state, createdAt, paidAt, refundedFen };
}
