import { AppError } from '../core/errors.ts';
import type { Parcel, Shipment, ShippingUpload } from '../store/shipments.ts';
import { MAX_PARCELS, type ShipRequest } from './ship-request.ts';

/** WeChat accepts an upload only with a later time than the one before. */
const STEP_MS = 1_000;

/**
 * Returns the upload that a request needs; undefined if WeChat has its information already. Before the whole order is
 * shipped, new parcels are added to the earlier parcels. After that, the request replaces the information: this is the one
 * correction that WeChat accepts.
 * @throws PARAM_ERROR, ORDER_STATE_CONFLICT
 */
export function nextUpload(shipment: Shipment, request: ShipRequest, nowMs: number): ShippingUpload | undefined {
  if (shipment.requestFingerprint === request.fingerprint) return undefined;
  if (shipment.refundedAt !== undefined)
    throw new AppError('ORDER_STATE_CONFLICT', 'WeChat has refunded the order in full');
  const { isFinal, fingerprint: requestFingerprint, delivery = shipment.delivery } = request;
  assertFits(delivery, request);
  const isShipped = shipment.state !== 'to-ship';
  const hasUploads = isShipped || shipment.uploadAtMs !== undefined;
  if (isShipped && !isFinal && request.parcels.every((parcel) => includes(shipment.parcels, parcel))) return undefined;
  const isCorrection = isShipped || (hasUploads && delivery !== shipment.delivery);
  const parcels = isCorrection ? merged([], request.parcels) : merged(shipment.parcels, request.parcels);
  assertParcels(delivery, parcels);
  const isNew = delivery !== shipment.delivery || !sameParcels(parcels, shipment.parcels);
  if (!isNew && (isShipped || (hasUploads && !isFinal))) return undefined;
  if (isCorrection) assertCorrectable(shipment, request);
  const lastAtMs = Math.max(shipment.uploadAtMs ?? 0, Date.parse(shipment.shippedAt ?? shipment.paidAt));
  return {
    delivery,
    parcels,
    isFinal,
    uploadAtMs: Math.max(nowMs, lastAtMs + STEP_MS),
    ...(isCorrection && { isCorrection }),
    requestFingerprint,
  };
}

function assertFits(delivery: ShippingUpload['delivery'], { parcels, isFinal }: ShipRequest): void {
  if (delivery === 'express') return;
  if (parcels.length > 0) {
    throw new AppError('PARAM_ERROR', `parcels: a ${delivery} order has none; send delivery "express" with parcels`);
  }
  if (!isFinal) throw new AppError('PARAM_ERROR', 'final: only an express order can be shipped in parts');
}

function assertParcels(delivery: ShippingUpload['delivery'], parcels: Parcel[]): void {
  if (delivery === 'express' && parcels.length === 0) {
    throw new AppError('PARAM_ERROR', 'parcels: an express order needs at least one, with carrier and trackingNo');
  }
  if (parcels.length > MAX_PARCELS) {
    throw new AppError('PARAM_ERROR', `parcels: WeChat accepts ${MAX_PARCELS} per order, the earlier ones included`);
  }
}

function assertCorrectable({ state, isCorrected }: Shipment, { isFinal }: ShipRequest): void {
  const reason =
    state === 'received' || state === 'settled'
      ? 'The receipt is confirmed, after which WeChat accepts no correction'
      : isCorrected
        ? 'WeChat accepts one correction of the shipping, which is used up'
        : isFinal
          ? undefined
          : 'The whole order is shipped; a correction contains all parcels, and no `final: false`';
  if (reason) throw new AppError('ORDER_STATE_CONFLICT', reason, { detail: { state } });
}

/** Returns the parcels of both lists. A parcel of the later list replaces the same parcel of the earlier list. */
function merged(earlier: Parcel[], later: Parcel[]): Parcel[] {
  const byNumber = new Map([...earlier, ...later].map((parcel) => [`${parcel.carrier} ${parcel.trackingNo}`, parcel]));
  return [...byNumber.values()];
}

function sameParcels(a: Parcel[], b: Parcel[]): boolean {
  return a.length === b.length && a.every((parcel) => includes(b, parcel));
}

/** Whether the list has this parcel with the same information. A parcel without a contact has that of the list. */
function includes(list: Parcel[], parcel: Parcel): boolean {
  return list.some(
    (other) =>
      other.carrier === parcel.carrier &&
      other.trackingNo === parcel.trackingNo &&
      other.description === parcel.description &&
      (parcel.contact === undefined ||
        (other.contact?.consignor === parcel.contact.consignor && other.contact?.receiver === parcel.contact.receiver)),
  );
}
