import type { Order } from './orders.ts';

type Stated = Pick<Order, 'state'>;

/** Returns whether the order is neither paid nor closed. The buyer may still pay an open order. */
export function isOpen({ state }: Stated): boolean {
  return state === 'CREATED' || state === 'NOTPAY';
}

/** Returns whether the order was paid, including an order that was refunded later. */
export function isPaid({ state }: Stated): boolean {
  return state === 'PAID' || state === 'REFUNDING' || state === 'REFUNDED';
}

/** Returns whether the order is open, or has a refund under way. */
export function isUnsettled(order: Stated): boolean {
  return isOpen(order) || order.state === 'REFUNDING';
}

/**
 * Returns whether the order may have a shipment: only ordinary payments inside an app have one. WeChat has the delivery of
 * a virtual payment from its push.
 */
export function mayBeShipped(order: Pick<Order, 'state' | 'tradeType'>): boolean {
  return isPaid(order) && order.tradeType === 'JSAPI';
}
