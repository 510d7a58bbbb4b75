import { beijingRfc3339 } from '../core/beijing-time.ts';
import type { Delivery } from '../core/delivery.ts';
import { AppError } from '../core/errors.ts';
import type { PlatformDeps } from './client.ts';
import { recordOf, textOf, withoutEscapes } from './json.ts';
import { errcodeOf } from './platform-error.ts';
import { callShipping, isBusy, type ShippingAccess } from './shipping-call.ts';

/** Shipping information of a whole order. Contacts are masked, with the last four digits open. */
export interface ShippingInformation {
  transactionId: string;
  /** The openid of the payer in the mini-program. */
  openId: string;
  delivery: Delivery;
  /** One to fifteen. Only express parcels have a carrier and a number. */
  parcels: {
    carrier?: string;
    trackingNo?: string;
    /** At most 120 characters. */
    description: string;
    contact?: { consignor?: string; receiver?: string };
  }[];
  /** Whether the order is shipped in parts, which only an express order can be. It stays split with its last part. */
  isSplit: boolean;
  /** Whether the whole order is shipped. */
  isFinal: boolean;
  /** Time of the upload (epoch ms). WeChat accepts a correction only with a later time than before. */
  uploadAtMs: number;
}

/**
 * `shipped`: WeChat has the information. `unchanged`: WeChat had the information before. `shipped-before`: the order was
 * shipped before, perhaps with other information. `unknown-payment`: WeChat does not have the payment, or not yet. `corrected-before`: the one correction is used up.
 * `not-shippable`: the order is refunded, unpaid or settled.
 */
export type UploadOutcome =
  'shipped' | 'unchanged' | 'shipped-before' | 'unknown-payment' | 'corrected-before' | 'not-shippable';

/** A paid order in the order shipping management. Times are epoch ms, amounts are fen. */
export interface ShippingOrder {
  transactionId: string;
  outTradeNo: string;
  openId: string;
  /**
   * `received`: the receipt is confirmed. `settling`: WeChat holds the money for another reason. `complete`: the money is
   * settled. `other`: a number that WeChat does not document.
   */
  state: 'to-ship' | 'shipped' | 'received' | 'complete' | 'refunded' | 'settling' | 'other';
  inComplaint: boolean;
  /** Absent before the first upload. */
  shipping?: {
    delivery: Delivery;
    isFinished: boolean;
    /** How often the shipping was finished: 2 after the one correction. */
    finishedCount: number;
    parcels: { carrier: string; trackingNo: string; description: string }[];
    /** Time of the newest parcel. */
    shippedAtMs?: number;
  };
}

const DELIVERY_NUMBERS: Record<Delivery, number> = { express: 1, 'same-city': 2, virtual: 3, pickup: 4 };
const ONE_PARCEL = 1;
const SPLIT = 2;
/** Order numbers by the number that WeChat gave the payment. */
const BY_TRANSACTION_ID = 2;

const STATES: Record<number, ShippingOrder['state']> = {
  1: 'to-ship',
  2: 'shipped',
  3: 'received',
  4: 'complete',
  5: 'refunded',
  6: 'settling',
};

const OUTCOMES = new Map<number | undefined, UploadOutcome>([
  [10060001, 'unknown-payment'],
  [10060002, 'shipped-before'],
  [10060003, 'corrected-before'],
  [10060004, 'not-shippable'],
  [10060023, 'unchanged'],
]);
const NOT_EXISTING = 10060001;

/** The codes of this API begin here. An answer with one of them is final for its input. */
const FIRST_ERRCODE = 10_060_000;
const NOT_VALID_JSON = 47001;
const FOREIGN_PAYER = 10060031;

/** Errors that an operator can correct, by the field of the input. */
const WRONG_INPUT = new Map<number | undefined, string>([
  [10060005, 'delivery: WeChat does not accept this kind for the order'],
  [10060006, 'delivery: only an express order can be shipped in parts'],
  [10060008, 'description: a parcel needs one'],
  [10060009, 'description: at most 120 characters'],
  [10060020, 'description: a parcel needs one, because the payment has none'],
  [10060024, 'parcels: too many'],
  [10060025, 'carrier: too long'],
  [10060026, 'trackingNo: too long'],
  [268485226, 'trackingNo: an express parcel needs one'],
  [268485227, 'carrier: an express parcel needs one'],
]);

/**
 * Uploads the shipping information of one order. An upload with the same content has no further effect. A second upload of
 * a shipped order with another content is the one correction that WeChat accepts.
 * @throws PARAM_ERROR when WeChat rejects a field, FORBIDDEN when the payment belongs to another user
 * @throws RATE_LIMITED, WECHAT_CONFIG; WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the outcome is unknown; token errors pass
 * through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export async function uploadShipping(
  deps: PlatformDeps,
  { app, accessToken, information }: ShippingAccess & { information: ShippingInformation },
): Promise<UploadOutcome> {
  const { transactionId, openId, delivery, parcels, isSplit, isFinal, uploadAtMs } = information;
  const body = {
    order_key: { order_number_type: BY_TRANSACTION_ID, transaction_id: transactionId },
    logistics_type: DELIVERY_NUMBERS[delivery],
    delivery_mode: isSplit ? SPLIT : ONE_PARCEL,
    ...(isSplit && { is_all_delivered: isFinal }),
    shipping_list: parcels.map(renderParcel),
    upload_time: beijingRfc3339(uploadAtMs),
    payer: { openid: openId },
  };
  try {
    await callShipping(deps, { app, accessToken }, '/wxa/sec/order/upload_shipping_info', body);
    return 'shipped';
  } catch (error) {
    return outcomeOf(error);
  }
}

/**
 * Queries a paid order; undefined when WeChat does not have the payment, or not yet.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export async function queryShippingOrder(
  deps: PlatformDeps,
  { transactionId, ...access }: ShippingAccess & { transactionId: string },
): Promise<ShippingOrder | undefined> {
  try {
    const answer = await callShipping(deps, access, '/wxa/sec/order/get_order', { transaction_id: transactionId });
    return readShippingOrder(recordOf(answer['order']), transactionId);
  } catch (error) {
    if (errcodeOf(error) === NOT_EXISTING) return undefined;
    throw error;
  }
}

/** Renders a parcel. WeChat rejects escapes, which JSON.stringify writes for control characters and lone surrogates. */
function renderParcel({ carrier, trackingNo, description, contact }: ShippingInformation['parcels'][number]): object {
  return {
    ...(trackingNo !== undefined && { tracking_no: trackingNo }),
    ...(carrier !== undefined && { express_company: carrier }),
    item_desc: withoutEscapes(description),
    ...(contact && {
      contact: {
        ...(contact.consignor !== undefined && { consignor_contact: contact.consignor }),
        ...(contact.receiver !== undefined && { receiver_contact: contact.receiver }),
      },
    }),
  };
}

/** @throws the error, unless it is an outcome; PARAM_ERROR and FORBIDDEN for an input that WeChat never accepts */
function outcomeOf(error: unknown): UploadOutcome {
  const errcode = errcodeOf(error);
  const outcome = OUTCOMES.get(errcode);
  if (outcome) return outcome;
  if (errcode === undefined || isBusy(errcode) || (errcode < FIRST_ERRCODE && errcode !== NOT_VALID_JSON)) throw error;
  const { cause } = error as AppError;
  if (errcode === FOREIGN_PAYER) {
    throw new AppError('FORBIDDEN', 'The payment belongs to another user of the mini-program', { cause });
  }
  const problem = WRONG_INPUT.get(errcode) ?? 'WeChat rejected the shipping information';
  throw new AppError('PARAM_ERROR', problem, { cause });
}

function readShippingOrder(order: Record<string, unknown>, transactionId: string): ShippingOrder {
  if (textOf(order['transaction_id']) !== transactionId) {
    throw new AppError('WECHAT_UNAVAILABLE', 'WeChat did not return the requested order');
  }
  const shipping = readShipping(recordOf(order['shipping']));
  return {
    transactionId,
    outTradeNo: textOf(order['merchant_trade_no']),
    openId: textOf(order['openid']),
    state: STATES[Number(order['order_state'])] ?? 'other',
    inComplaint: order['in_complaint'] === true,
    ...(shipping && { shipping }),
  };
}

function readShipping(shipping: Record<string, unknown>): ShippingOrder['shipping'] {
  const type = Number(shipping['logistics_type']);
  const delivery = (Object.keys(DELIVERY_NUMBERS) as Delivery[]).find((name) => DELIVERY_NUMBERS[name] === type);
  const list = Array.isArray(shipping['shipping_list']) ? shipping['shipping_list'].map(recordOf) : [];
  if (!delivery || list.length === 0) return undefined;
  const shippedAtMs = Math.max(...list.map((parcel) => readTime(parcel['upload_time'])));
  return {
    delivery,
    isFinished: shipping['finish_shipping'] === true,
    finishedCount: Number(shipping['finish_shipping_count'] ?? 0),
    // Deliveries other than express have no carrier.
    parcels: list
      .filter((parcel) => textOf(parcel['tracking_no']) !== '' && textOf(parcel['express_company']) !== '')
      .map((parcel) => ({
        carrier: textOf(parcel['express_company']),
        trackingNo: textOf(parcel['tracking_no']),
        description: textOf(parcel['goods_desc']),
      })),
    ...(shippedAtMs > 0 && { shippedAtMs }),
  };
}

/** Reads epoch seconds as epoch ms. WeChat also sends milliseconds elsewhere. @returns 0 for any other value */
function readTime(value: unknown): number {
  const digits = /^([1-9]\d{8,9})(?:\d{3})?$/.exec(textOf(value))?.[1];
  return digits === undefined ? 0 : Number(digits) * 1_000;
}
