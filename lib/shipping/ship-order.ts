import { badSetting } from '../core/config.ts';
import { AppError } from '../core/errors.ts';
import { readAccount } from '../store/accounts.ts';
import { ownerOf } from '../store/keys.ts';
import { isPaid } from '../store/order-states.ts';
import { readOrder } from '../store/orders.ts';
import { readShipment, type Parcel, type Shipment } from '../store/shipments.ts';
import { checkCarriers, type CarrierDeps } from './carriers.ts';
import { claimUpload } from './claim-upload.ts';
import { maskPhone, needsContact } from './contacts.ts';
import { isPaidInMiniapp, openShipment, type MiniappOrder } from './new-shipment.ts';
import { nextUpload } from './next-upload.ts';
import { isClaimed } from './progress.ts';
import { isRefundedInFull, isRefundOfAllUnderWay } from './refunds.ts';
import { readShipRequest, type ShipRequest } from './ship-request.ts';
import { shippingView, type ShippingView } from './shipping-view.ts';
import { isTradeManaged, type TradeDeps } from './trade-managed.ts';
import { isDecline, sendUpload, uploadPending, type UploadDeps } from './upload-shipment.ts';

export type ShipDeps = UploadDeps & TradeDeps & CarrierDeps;

/** The result for the operator. */
export interface ShippedOrder {
  outTradeNo: string;
  shipping: ShippingView | null;
}

/** Pauses before repetitions while WeChat does not have a payment of the last seconds yet. */
const PAUSES_MS = [1_000, 2_000, 4_000];
/** Time to wait for another upload of the same order. */
const WAIT_MS = 30_000;
const WAIT_STEP_MS = 200;

/**
 * Ships an order, or a part of it, for an operator: uploads its shipping information to WeChat. The same request sent twice
 * sends one upload. A request after the whole order was shipped is the one correction that WeChat accepts.
 * @throws PARAM_ERROR that names the wrong field, or similar carriers
 * @throws NOT_FOUND when no order has this number; NOT_CONFIGURED while ORDER_SHIPPING is off
 * @throws ORDER_STATE_CONFLICT when the order is not paid, was not paid in the mini-program, is refunded in full, is not
 * under trade management, or cannot be corrected
 * @throws FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG; WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the outcome is unknown: the sweep
 * and a repeated request send the same upload
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export async function shipOrder(deps: ShipDeps, input: unknown): Promise<ShippedOrder> {
  const request = readShipRequest(input);
  if (deps.orderShipping === 'off') throw badSetting('ORDER_SHIPPING', 'is off, so no order is shipped');
  const order = await readShippable(deps, request.outTradeNo);
  await checkCarriers(
    deps,
    request.parcels.map(({ carrier }) => carrier),
  );
  const parcels = await addContacts(deps, request);
  const shipment = await upload(deps, order, { ...request, parcels });
  return { outTradeNo: order.outTradeNo, shipping: shippingView(shipment) };
}

async function readShippable({ table, app }: ShipDeps, outTradeNo: string): Promise<MiniappOrder> {
  const order = await readOrder(table, outTradeNo);
  if (!order) throw new AppError('NOT_FOUND', `No order has the number ${outTradeNo}`);
  const conflict = (message: string) =>
    new AppError('ORDER_STATE_CONFLICT', message, { detail: { state: order.state } });
  if (!isPaid(order)) throw conflict('Only a paid order can be shipped');
  if (!isPaidInMiniapp(order, app.appId)) {
    const fact = order.tradeType === 'VIRTUAL' ? 'was paid by virtual payment' : 'was not paid in the mini-program';
    throw conflict(`The order ${fact}, so WeChat needs no shipping information`);
  }
  if (isRefundedInFull(order)) throw conflict('The order is refunded in full, so nothing is left to ship');
  if (isRefundOfAllUnderWay(order)) {
    throw conflict('A refund of the whole order is under way; if the refund fails, ship the order after that');
  }
  return order;
}

/** Adds the phone of the buyer to parcels whose carrier needs a contact and whose request has none. */
async function addContacts({ table }: ShipDeps, { outTradeNo, parcels }: ShipRequest): Promise<Parcel[]> {
  const lacksContact = ({ carrier, contact }: Parcel) => contact === undefined && needsContact(carrier);
  if (!parcels.some(lacksContact)) return parcels;
  const { phone } = (await readAccount(table, ownerOf(outTradeNo), 'eventual')) ?? {};
  const receiver = phone === undefined ? undefined : maskPhone(phone);
  if (receiver === undefined) {
    const carrier = parcels.find(lacksContact)?.carrier;
    throw new AppError(
      'PARAM_ERROR',
      `parcels: ${carrier} needs consignorPhone or receiverPhone, because the buyer has no phone in the account`,
    );
  }
  return parcels.map((parcel) => (lacksContact(parcel) ? { ...parcel, contact: { receiver } } : parcel));
}

/** Sends the upload that the request needs. Another upload of the order is finished first. */
async function upload(deps: ShipDeps, order: MiniappOrder, request: ShipRequest): Promise<Shipment> {
  const deadlineMs = deps.now() + WAIT_MS;
  while (deps.now() < deadlineMs) {
    const shipment = await readOrOpen(deps, order);
    if (!shipment.pending) {
      const next = nextUpload(shipment, request, deps.now());
      if (!next) return shipment;
      const claimed = await claimUpload(deps, shipment, next);
      if (claimed) return sendUpload(deps, order, claimed, PAUSES_MS);
    } else if (isClaimed(shipment.pending, deps.now())) {
      await deps.sleep(WAIT_STEP_MS);
    } else {
      await finishEarlier(deps, order, shipment, request);
    }
  }
  throw new AppError('WECHAT_TIMEOUT', 'Another upload of this order is under way; repeat the request in a minute');
}

async function readOrOpen(deps: ShipDeps, order: MiniappOrder): Promise<Shipment> {
  const stored = await readShipment(deps.table, order.outTradeNo, 'strong');
  if (stored) return stored;
  if (await isTradeManaged(deps)) return openShipment(deps, order);
  throw new AppError(
    'ORDER_STATE_CONFLICT',
    'The mini-program is not under trade management, so WeChat needs no shipping information. ORDER_SHIPPING=on uploads it nevertheless',
  );
}

/** Repeats an upload whose outcome is unknown. A decline of another request is no error of this request. */
async function finishEarlier(
  deps: ShipDeps,
  order: MiniappOrder,
  shipment: Shipment,
  { fingerprint }: ShipRequest,
): Promise<void> {
  try {
    await uploadPending(deps, order, shipment, PAUSES_MS);
  } catch (error) {
    if (!isDecline(error) || shipment.pending?.requestFingerprint === fingerprint) throw error;
    deps.log.warn('shipment.earlier-upload-declined', { outTradeNo: order.outTradeNo, error });
  }
}
