import type { Order } from '../store/orders.ts';
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
 * Whether the state in an answer of WeChat is clear. WeChat does not document every state, nor whether a partial refund
 * gives the state `refunded`.
 */
export function hasClearState(
  { state }: ShippingOrder,
  { refundedFen, refundingFen }: Pick<Order, 'refundedFen' | 'refundingFen'>,
): boolean {
  return state !== 'other' && (state !== 'refunded' || refundedFen + refundingFen === 0);
}

/**
 * Returns the progress in an answer of WeChat; undefined for a state that WeChat does not document.
 * @param seenAt time of the answer (ISO 8601)
 */
function progressOf({ state, shipping }: ShippingOrder, seenAt: string): Progress | undefined {
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
        // WeChat requires the contact of a parcel again when the rest of the order is shipped.
        parcels: shipping.parcels.map((parcel) => {
          const own = shipment.parcels.find(
            (it) => it.carrier === parcel.carrier && it.trackingNo === parcel.trackingNo,
          );
          return own?.contact ? { ...parcel, contact: own.contact } : parcel;
        }),
        // A correction must have a later time.
        uploadAtMs: Math.max(shipment.uploadAtMs ?? 0, shipping.shippedAtMs ?? 0),
        ...(shipping.finishedCount > 1 && { isCorrected: true }),
      }
    : shipment;
  const progress = progressOf(order, seenAt);
  return progress ? advance(adopted, progress) : adopted;
}
