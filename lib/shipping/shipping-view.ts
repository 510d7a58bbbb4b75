import type { Parcel, Shipment } from '../store/shipments.ts';

/** The shipping of an order, as its buyer and operators see it. Times are ISO 8601. */
export type ShippingView = Pick<Shipment, 'state' | 'delivery' | 'estimatedSettlementAt' | 'settledAt'> & {
  parcels: Pick<Parcel, 'carrier' | 'trackingNo'>[];
};

/**
 * Selects the fields of a shipment that its buyer may see.
 * @returns null for an order without a shipment, and for an order that was refunded before it was shipped
 */
export function shippingView(shipment: Shipment | undefined): ShippingView | null {
  if (!shipment || (shipment.state === 'to-ship' && shipment.refundedAt !== undefined)) return null;
  const { state, delivery, estimatedSettlementAt, settledAt } = shipment;
  return {
    state,
    delivery,
    parcels: shipment.parcels.map(({ carrier, trackingNo }) => ({ carrier, trackingNo })),
    ...(estimatedSettlementAt !== undefined && { estimatedSettlementAt }),
    ...(settledAt !== undefined && { settledAt }),
  };
}
