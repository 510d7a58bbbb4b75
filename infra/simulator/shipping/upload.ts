// The body of upload_shipping_info, and the checks that need no order.
import { isRecord } from '../http.ts';
import { PlatformError } from '../platform/error.ts';
import { CARRIERS } from './carriers.ts';

export const DELIVERIES = { 1: 'express', 2: 'same-city', 3: 'virtual', 4: 'pickup' } as const;
export type DeliveryType = keyof typeof DELIVERIES;

interface Parcel {
  trackingNo?: string;
  carrier?: string;
  goods: string;
  contact?: Record<string, string>;
}

/** Shipping information as a merchant uploaded it. */
export interface Upload {
  key: { transactionId: string } | { mchId: string; outTradeNo: string };
  type: DeliveryType;
  mode: 1 | 2;
  /** Whether the whole order is shipped. */
  isFinal: boolean;
  parcels: Parcel[];
  /** Epoch ms. */
  uploadedAt: number;
  openId: string;
}

const EXPRESS = 1;
const SPLIT = 2;
const MOST_PARCELS = 15;
const MOST_CHARACTERS = 120;
const LONGEST_CODE = 128;
const LONGEST_CONTACT = 1_024;
const NEEDS_CONTACT = 'SF';
/** Masked, with the last four digits open: `+86-177****1234`, `021-**34-12`. */
const MASKED = /^(?=.*\*)[+\d*-]*(?:\d{4}|\d{2}-\d{2})$/;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Reads an upload.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
 */
export function readUpload(body: Record<string, unknown>): Upload {
  const { logistics_type: type, delivery_mode: mode, is_all_delivered: all, shipping_list: list, payer } = body;
  const key = readKey(body.order_key);
  if (type !== 1 && type !== 2 && type !== 3 && type !== 4) throw new PlatformError(10060005);
  if (mode !== 1 && mode !== SPLIT) throw new PlatformError(268485224);
  if (mode === SPLIT && type !== EXPRESS) throw new PlatformError(10060006);
  if (mode === SPLIT && typeof all !== 'boolean') throw new PlatformError(10060007);
  if (!Array.isArray(list)) throw new PlatformError(47001);
  if (list.length === 0) throw new PlatformError(10060014);
  if (list.length > MOST_PARCELS) throw new PlatformError(10060024);
  if (mode === 1 && list.length !== 1) throw new PlatformError(268485228);
  const openId = isRecord(payer) ? payer.openid : undefined;
  if (typeof openId !== 'string' || openId === '' || openId.length > LONGEST_CODE) throw new PlatformError(10060014);
  const time = body.upload_time;
  if (typeof time !== 'string' || !RFC_3339.test(time) || Number.isNaN(Date.parse(time)))
    throw new PlatformError(268485216);
  const parcels = list.map((parcel) => readParcel(parcel, type));
  return { key, type, mode, isFinal: mode === 1 || all === true, parcels, uploadedAt: Date.parse(time), openId };
}

/**
 * Reads the upload of a combined order: the uploads of its sub-orders. The simulator has no combined payments, so that
 * nothing is known about the number of the combined order itself.
 */
export function readCombinedUpload({
  order_key: key,
  sub_orders: orders,
  ...shared
}: Record<string, unknown>): Upload[] {
  const type = numberTypeOf(key);
  readKey(key);
  if (!Array.isArray(orders)) throw new PlatformError(47001);
  const uploads = orders.map((order: unknown) => {
    if (!isRecord(order)) throw new PlatformError(47001);
    if (numberTypeOf(order.order_key) !== type) throw new PlatformError(268485253);
    return readUpload({ ...order, upload_time: shared.upload_time, payer: shared.payer });
  });
  if (uploads.length === 0) throw new PlatformError(10060014);
  const numbers = new Set(uploads.map((upload) => JSON.stringify(upload.key)));
  if (numbers.size < uploads.length) throw new PlatformError(10060013);
  return uploads;
}

function numberTypeOf(key: unknown): unknown {
  return isRecord(key) ? key.order_number_type : undefined;
}

function readKey(key: unknown): Upload['key'] {
  const fields = isRecord(key) ? key : {};
  const text = (name: string, errcode: 268485195 | 268485196 | 268485197) => {
    const value = fields[name];
    if (typeof value !== 'string' || value === '') throw new PlatformError(errcode);
    return value;
  };
  switch (fields.order_number_type) {
    case 1:
      return { mchId: text('mchid', 268485196), outTradeNo: text('out_trade_no', 268485197) };
    case 2:
      return { transactionId: text('transaction_id', 268485195) };
    default:
      throw new PlatformError(268485194);
  }
}

function readParcel(parcel: unknown, type: DeliveryType): Parcel {
  if (!isRecord(parcel)) throw new PlatformError(47001);
  const { tracking_no: trackingNo, express_company: carrier, item_desc: goods, contact } = parcel;
  if (typeof goods !== 'string' || goods === '') throw new PlatformError(10060008);
  if ([...goods].length > MOST_CHARACTERS) throw new PlatformError(10060009);
  if (type !== EXPRESS) return { goods };
  if (typeof trackingNo !== 'string' || trackingNo === '') throw new PlatformError(268485226);
  if (typeof carrier !== 'string' || carrier === '') throw new PlatformError(268485227);
  if (carrier.length > LONGEST_CODE) throw new PlatformError(10060025);
  if (trackingNo.length > LONGEST_CODE) throw new PlatformError(10060026);
  if (!Object.hasOwn(CARRIERS, carrier)) throw new PlatformError(10060014, `unknown express_company ${carrier}`);
  const contacts = readContact(contact);
  if (carrier === NEEDS_CONTACT && !contacts) throw new PlatformError(10060014, 'SF needs a contact');
  return { trackingNo, carrier, goods, ...(contacts && { contact: contacts }) };
}

function readContact(contact: unknown): Record<string, string> | undefined {
  if (contact === undefined) return undefined;
  const contacts: Record<string, string> = {};
  for (const name of ['consignor_contact', 'receiver_contact']) {
    const value = isRecord(contact) ? contact[name] : undefined;
    if (value === undefined) continue;
    if (typeof value !== 'string' || value.length > LONGEST_CONTACT || !MASKED.test(value))
      throw new PlatformError(10060014, `${name} is not masked`);
    contacts[name] = value;
  }
  return Object.keys(contacts).length > 0 ? contacts : undefined;
}
