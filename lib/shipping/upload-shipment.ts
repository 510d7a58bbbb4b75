import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import type { Shipment, ShippingUpload } from '../store/shipments.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import {
  queryShippingOrder,
  uploadShipping,
  type ShippingInformation,
  type ShippingOrder,
  type UploadOutcome,
} from '../wechat/order-shipping.ts';
import { claimPending, endClaim, type ClaimDeps, type ClaimedShipment } from './claim-upload.ts';
import type { MiniappOrder } from './new-shipment.ts';
import { advance } from './progress.ts';
import { isRefundedInFull, isRefundOfAllUnderWay } from './refunds.ts';
import { adoptReport, hasClearState } from './reported-order.ts';

export type UploadDeps = ClaimDeps & PlatformDeps & Pick<Runtime, 'log'> & { app: WechatApp; accessToken: TokenOwner };

/** WeChat manages a payment some seconds after the buyer paid. An older payment that is missing is not managed. */
const UNMANAGED_AFTER_MS = 3_600_000;
/** Maximum length of a description, in characters. */
const MAX_DESCRIPTION = 120;

/**
 * Sends the pending upload of a shipment, unless there is none or another caller sends it. After an unknown outcome the
 * upload stays pending, and a later call repeats it. After a decline it is dropped.
 * @param pausesMs pauses before repetitions while WeChat does not have a new payment yet (ms)
 * @returns the shipment with the outcome
 * @throws PARAM_ERROR, FORBIDDEN, ORDER_STATE_CONFLICT when WeChat declines the upload
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the upload stays pending
 */
export async function uploadPending(
  deps: UploadDeps,
  order: MiniappOrder,
  shipment: Shipment,
  pausesMs: number[] = [],
): Promise<Shipment> {
  const claimed = await claimPending(deps, shipment);
  return claimed ? sendUpload(deps, order, claimed, pausesMs) : shipment;
}

/** Sends an upload that this caller claimed, like uploadPending. An order that is refunded in full is not uploaded. */
export async function sendUpload(
  deps: UploadDeps,
  order: MiniappOrder,
  claimed: ClaimedShipment,
  pausesMs: number[] = [],
): Promise<Shipment> {
  const seenAt = new Date(deps.now()).toISOString();
  if (isRefundedInFull(order)) return endClaim(deps, claimed, (it) => advance(it, { state: 'refunded', seenAt }));
  // If the refund fails, the upload is still needed.
  if (isRefundOfAllUnderWay(order)) return endClaim(deps, claimed, released);
  let report: Report;
  try {
    report = await requestUpload(deps, order, claimed, pausesMs);
  } catch (error) {
    await endClaim(deps, claimed, isDecline(error) ? withoutUpload : released);
    throw error;
  }
  return conclude(deps, order, claimed, report);
}

/** The answer of WeChat, and its order unless WeChat accepted the upload. */
type Report = { outcome: 'shipped' } | { outcome: Exclude<UploadOutcome, 'shipped'>; known: ShippingOrder };

async function requestUpload(
  deps: UploadDeps,
  order: MiniappOrder,
  claimed: ClaimedShipment,
  pausesMs: number[],
): Promise<Report> {
  const openId = order.openId ?? (await queryAtWechat(deps, order))?.openId;
  if (openId === undefined) throw unknownPayment(order, deps.now());
  const information = informationOf(order, claimed, openId);
  const { app } = deps;
  const upload = () =>
    deps.accessToken.withToken((accessToken) => uploadShipping(deps, { app, accessToken, information }));
  let outcome = await upload();
  for (const pauseMs of pausesMs) {
    if (outcome !== 'unknown-payment') break;
    await deps.sleep(pauseMs);
    outcome = await upload();
  }
  // The information can be unchanged because the correction was accepted before: get_order has the answer.
  if (outcome === 'shipped' || (outcome === 'unchanged' && !claimed.pending.isCorrection))
    return { outcome: 'shipped' };
  const known = outcome === 'unknown-payment' ? undefined : await queryAtWechat(deps, order);
  if (!known) throw unknownPayment(order, deps.now());
  return { outcome, known };
}

function informationOf(
  order: MiniappOrder,
  { pending, uploadAtMs: lastUploadAtMs }: ClaimedShipment,
  openId: string,
): ShippingInformation {
  const { delivery, parcels, isFinal, uploadAtMs, isCorrection } = pending;
  const followsParts = lastUploadAtMs !== undefined && !isCorrection;
  return {
    transactionId: order.transactionId,
    openId,
    delivery,
    parcels: parcelsFor(order, pending),
    isSplit: !isFinal || parcels.length > 1 || followsParts,
    isFinal,
    uploadAtMs,
  };
}

/** Returns the list of the upload. A delivery without a carrier has one entry without a parcel. */
function parcelsFor(order: MiniappOrder, { delivery, parcels }: ShippingUpload) {
  const sold = [...order.description].slice(0, MAX_DESCRIPTION).join('');
  if (delivery !== 'express') return [{ description: sold }];
  return parcels.map(({ description = sold, ...parcel }) => ({ ...parcel, description }));
}

/** Stores the answer of WeChat. @throws ORDER_STATE_CONFLICT if WeChat has other information than the upload */
async function conclude(
  deps: UploadDeps,
  order: MiniappOrder,
  claimed: ClaimedShipment,
  report: Report,
): Promise<Shipment> {
  const { outTradeNo, pending } = claimed;
  const { outcome } = report;
  if (outcome === 'shipped') {
    deps.log.info('shipment.uploaded', { outTradeNo, delivery: pending.delivery, isFinal: pending.isFinal });
    return endClaim(deps, claimed, withUpload);
  }
  const { known } = report;
  const seenAt = new Date(deps.now()).toISOString();
  deps.log.info('shipment.adopted', { outTradeNo, outcome, state: known.state });
  const isDone = outcome === 'shipped-before' || hasParcels(known, pending);
  const shipment = await endClaim(deps, claimed, (it) => {
    const current = withoutUpload(it);
    const adopted = hasClearState(known, order) ? adoptReport(current, known, seenAt) : current;
    return isDone ? withRequest(adopted, pending) : adopted;
  });
  if (isDone) return shipment;
  throw new AppError(
    'ORDER_STATE_CONFLICT',
    outcome === 'corrected-before'
      ? 'WeChat accepts one correction of the shipping, which is used up'
      : 'WeChat accepts no shipping information for this order any more; order-show has its state',
  );
}

/** Whether WeChat has the information of an upload, whose first answer was lost then. */
function hasParcels({ shipping }: ShippingOrder, { delivery, parcels }: ShippingUpload): boolean {
  if (shipping?.delivery !== delivery || shipping.parcels.length !== parcels.length) return false;
  return parcels.every((parcel) =>
    shipping.parcels.some(({ carrier, trackingNo }) => carrier === parcel.carrier && trackingNo === parcel.trackingNo),
  );
}

/** Queries an order at WeChat. @throws as queryShippingOrder */
export function queryAtWechat(
  { accessToken, app, ...deps }: UploadDeps,
  { transactionId }: MiniappOrder,
): Promise<ShippingOrder | undefined> {
  return accessToken.withToken((token) => queryShippingOrder(deps, { app, accessToken: token, transactionId }));
}

function unknownPayment({ paidAt }: MiniappOrder, nowMs: number): AppError {
  return nowMs - Date.parse(paidAt) < UNMANAGED_AFTER_MS
    ? new AppError('WECHAT_UNAVAILABLE', 'WeChat does not have the payment yet; the upload is repeated automatically', {
        detail: { reason: UNKNOWN_PAYMENT },
      })
    : new AppError(
        'ORDER_STATE_CONFLICT',
        'WeChat does not manage this payment. A payment from before the trade management needs no shipping information',
      );
}

const UNKNOWN_PAYMENT = 'unknown-payment';

/** Whether the error is an answer of WeChat about one order, so other orders are not affected. */
export function concernsOneOrder(error: unknown): boolean {
  return isDecline(error) || (error instanceof AppError && error.detail?.['reason'] === UNKNOWN_PAYMENT);
}

/** Whether WeChat declined an upload, so that a repetition of it is useless. */
export function isDecline(error: unknown): boolean {
  return error instanceof AppError && ['PARAM_ERROR', 'FORBIDDEN', 'ORDER_STATE_CONFLICT'].includes(error.code);
}

/** Returns the shipment after WeChat accepted its pending upload. */
function withUpload(claimed: ClaimedShipment): Shipment {
  const { delivery, parcels, isFinal, uploadAtMs, isCorrection } = claimed.pending;
  const shipment: Shipment = {
    ...withRequest(withoutUpload(claimed), claimed.pending),
    delivery,
    parcels,
    ...(isCorrection && { isCorrected: true }),
  };
  return isFinal ? advance(shipment, { state: 'shipped', seenAt: new Date(uploadAtMs).toISOString() }) : shipment;
}

/** Returns the shipment with the request and the time of an upload whose information WeChat has. */
function withRequest(shipment: Shipment, { uploadAtMs, requestFingerprint }: ShippingUpload): Shipment {
  return { ...shipment, uploadAtMs, ...(requestFingerprint !== undefined && { requestFingerprint }) };
}

function withoutUpload({ pending: _pending, ...shipment }: Shipment): Shipment {
  return shipment;
}

/** Returns the shipment whose upload any caller may send. */
function released({
  pending: { claimId: _claimId, claimedAtMs: _claimedAtMs, ...upload },
  ...shipment
}: ClaimedShipment) {
  return { ...shipment, pending: upload };
}
