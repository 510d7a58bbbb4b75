import type { Shipment } from '../store/shipments.ts';
import type { ShippingOrder } from '../wechat/order-shipping.ts';
import { advance, type Progress } from './progress.ts';

const STATES: Record<ShippingOrder['state'], Progress['state'] | undefined> = {
  'to-ship': 'to-ship',
  shipped: 'shipped',
  received: 'received',
  settling: 'received',
  complete: 'settled',
  refunded: 'refunded',
  other: undefined,
};

/**
 * Returns the progress in an answer of WeChat; undefined for a state that WeChat does not document.
 * @param seenAt time of the answer (ISO 8601)
 */
export function progressOf({ state, shipping }: ShippingOrder, seenAt: string): Progress | undefined {
  const known = STATES[state];
  const shippedAt = shipping?.shippedAtMs === undefined ? undefined : new Date(shipping.shippedAtMs).toISOString();
  return known && { state: known, seenAt, shippedAt };
}

/** Returns the shipment with the parcels and the state that WeChat has. */
export function adoptReport(shipment: Shipment, order: ShippingOrder, seenAt: string): Shipment {
  const { shipping } = order;
  const adopted: Shipment = shipping
    ? {
        ...shipment,
        delivery: shipping.delivery,
        parcels: shipping.parcels,
        // A correction must have a later time.
        uploadAtMs: Math.max(shipment.uploadAtMs ?? 0, shipping.shippedAtMs ?? 0),
        ...(shipping.finishedCount > 1 && { isCorrected: true }),
      }
    : shipment;
  const progress = progressOf(order, seenAt);
  return progress ? advance(adopted, progress) : adopted;
}
