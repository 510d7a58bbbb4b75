import { mayBeShipped } from '../store/order-states.ts';
import type { Order } from '../store/orders.ts';
import { deliveryOf } from '../store/prices.ts';
import { readShipment, writeShipment, type Shipment, type ShippingUpload } from '../store/shipments.ts';
import type { Table } from '../store/table.ts';
import { nextLookAtMs } from './progress.ts';

/** An order that was paid in the mini-program, also if it was refunded later. */
export type MiniappOrder = Order & Required<Pick<Order, 'transactionId' | 'paidAt'>>;

/**
 * Returns whether the order was paid in the mini-program. WeChat keeps only such payments until the receipt.
 * @param appId the app id of the mini-program
 */
export function isPaidInMiniapp(order: Order, appId: string): order is MiniappOrder {
  const { transactionId, paidAt } = order;
  return mayBeShipped(order) && transactionId !== undefined && paidAt !== undefined && order.appId === appId;
}

/**
 * Returns the stored shipment of an order, or stores a new one. A virtual order needs no parcel, so its upload is pending
 * from the beginning. The events of a shipment come from its later changes.
 */
export async function openShipment(
  { table, now }: { table: Table; now(): number },
  order: MiniappOrder,
): Promise<Shipment> {
  const stored = await readShipment(table, order.outTradeNo, 'strong');
  if (stored) return stored;
  const { outTradeNo, sku, amountFen, attach, paidAt } = order;
  const [nowMs, delivery] = [now(), deliveryOf(order)];
  const next = {
    outTradeNo,
    sku,
    amountFen,
    ...(attach !== undefined && { attach }),
    state: 'to-ship' as const,
    delivery,
    parcels: [],
    paidAt,
    ...(delivery === 'virtual' && { pending: virtualUpload(nowMs) }),
  };
  const written = await writeShipment(table, undefined, next, nextLookAtMs(next, nowMs));
  return written ?? openShipment({ table, now }, order);
}

/** Returns the upload of a virtual order, which needs no parcel. */
export function virtualUpload(nowMs: number): ShippingUpload {
  return { delivery: 'virtual', parcels: [], isFinal: true, uploadAtMs: nowMs };
}
