import { shippingView, type ShippingView } from '../shipping/shipping-view.ts';
import type { Order, OrderState } from '../store/orders.ts';
import type { Shipment } from '../store/shipments.ts';

/**
 * Time to pay an order. WeChat Pay documents the same two hours for a prepay_id and a code_url.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791877
 */
export const ORDER_LIFE_MS = 2 * 3_600_000;

/** Events that change the state of an order. Refunds change the state in refund.ts. */
export type OrderEvent = 'accepted' | 'paid' | 'closed';

/**
 * State transitions of an order. A payment that arrives after the close is booked, because WeChat has received the
 * money. The refunds of an order decide between PAID, REFUNDING and REFUNDED.
 *
 *   CREATED --accepted--> NOTPAY
 *   CREATED, NOTPAY, CLOSED --paid--> PAID
 *   CREATED, NOTPAY --closed--> CLOSED
 *   PAID <--> REFUNDING --> REFUNDED
 *   PAID --> REFUNDED
 */
const NEXT: Record<OrderEvent, Partial<Record<OrderState, OrderState>>> = {
  // A repeated acceptance keeps the state and replaces the payment handle.
  accepted: { CREATED: 'NOTPAY', NOTPAY: 'NOTPAY' },
  paid: { CREATED: 'PAID', NOTPAY: 'PAID', CLOSED: 'PAID' },
  closed: { CREATED: 'CLOSED', NOTPAY: 'CLOSED' },
};

/** Returns the state after `event`, or undefined when the event changes nothing. */
export function nextState(state: OrderState, event: OrderEvent): OrderState | undefined {
  return NEXT[event][state];
}

/** Returns the states in which `event` applies. The write is conditional on these states. */
export function statesBefore(event: OrderEvent): OrderState[] {
  return Object.keys(NEXT[event]) as OrderState[];
}

type VisibleField =
  'outTradeNo' | 'sku' | 'description' | 'amountFen' | 'currency' | 'state' | 'createdAt' | 'refundedFen';

/** The fields of an order that its buyer may see. */
export type OrderView = Pick<Order, VisibleField> & {
  paidAt: string | null;
  attach: string | null;
  shipping: ShippingView | null;
};

/** Selects the fields of an order and of its shipment that its buyer may see. */
export function orderView(order: Order, shipment?: Shipment): OrderView {
  const { outTradeNo, sku, description, amountFen, currency, state, createdAt, refundedFen } = order;
  const { paidAt = null, attach = null } = order;
  // The shipment of a refunded order ends at the next look of the sweep only.
  const isNeverShipped = state === 'REFUNDED' && shipment?.state === 'to-ship';
  const shipping = isNeverShipped ? null : shippingView(shipment);
  return { outTradeNo, sku, description, amountFen, currency, state, createdAt, paidAt, refundedFen, attach, shipping };
}
