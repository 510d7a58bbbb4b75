import type { Order, OrderState } from '../store/orders.ts';

/** Events of an order apart from its refunds. */
export type OrderEvent = 'accepted' | 'paid' | 'closed';

/**
 * The whole life of an order.
 *
 *   CREATED --accepted--> NOTPAY --paid--> PAID <--> REFUNDING --> REFUNDED      (by the refunds there are)
 *      \____________________/ \--closed--> CLOSED --paid--> PAID
 *
 * WeChat decides about money: a payment that arrives after the close is a payment.
 */
const NEXT: Record<OrderEvent, Partial<Record<OrderState, OrderState>>> = {
  // A second acceptance leaves the state and replaces the payment handle.
  accepted: { CREATED: 'NOTPAY', NOTPAY: 'NOTPAY' },
  paid: { CREATED: 'PAID', NOTPAY: 'PAID', CLOSED: 'PAID' },
  closed: { CREATED: 'CLOSED', NOTPAY: 'CLOSED' },
};

/** The state after `event`; undefined when the event changes nothing. */
export function nextState(state: OrderState, event: OrderEvent): OrderState | undefined {
  return NEXT[event][state];
}

/** The states that `event` changes: the condition of the write. */
export function statesBefore(event: OrderEvent): OrderState[] {
  return Object.keys(NEXT[event]) as OrderState[];
}

/** Whether WeChat may still change the order. */
export function isOpen({ state }: Pick<Order, 'state'>): boolean {
  return state === 'CREATED' || state === 'NOTPAY';
}

/** Whether the order was paid, refunded or not. */
export function isPaid({ state }: Pick<Order, 'state'>): boolean {
  return state === 'PAID' || state === 'REFUNDING' || state === 'REFUNDED';
}

type Shown = 'outTradeNo' | 'sku' | 'description' | 'amountFen' | 'currency' | 'state' | 'createdAt' | 'refundedFen';

/** An order as its buyer sees it. */
export type OrderView = Pick<Order, Shown> & { paidAt: string | null };

/** Selects what a buyer may see of an order. */
export function orderView(order: Order): OrderView {
  const { outTradeNo, sku, description, amountFen, currency, state, createdAt, paidAt = null, refundedFen } = order;
  return { outTradeNo, sku, description, amountFen, currency, state, createdAt, paidAt, refundedFen };
}
