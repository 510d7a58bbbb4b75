import type { Parcel } from '../store/shipments.ts';

/** Carriers whose parcels WeChat accepts only with a contact. */
const NEED_CONTACT = new Set(['SF']);

/** Whether WeChat accepts parcels of this carrier only with the phone number of the sender or the receiver. */
export function needsContact(carrier: string): boolean {
  return NEED_CONTACT.has(carrier);
}

/** Digits that a mask leaves open. */
const OPEN_DIGITS = 4;
const CHINESE_MOBILE = /^(?:\+?86-?)?(1[\d*]{10})$/;
/** Area codes have three digits in the largest cities, and four elsewhere. */
const LANDLINE = /^(?:\+?86-?)?(0[12]\d|0[3-9]\d{2})-?([\d*]{4,9}(?:-[\d*]{1,6})?)$/;
const OTHER = /^\+?[\d*-]{5,24}$/;

/**
 * Masks a phone number for WeChat, except for its last four digits: `+86-177****1234`, `021-****5678`. A number that is
 * masked already keeps its mask.
 * @returns undefined for a text that is no phone number, or whose last four digits are masked
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export function maskPhone(phone: string): string | undefined {
  const text = phone.replaceAll(/[\s()]/g, '');
  if (!/(?:\d-?){4}$/.test(text)) return undefined;
  const [, mobile] = CHINESE_MOBILE.exec(text) ?? [];
  if (mobile !== undefined) return `+86-${mobile.slice(0, 3)}${masked(mobile.slice(3))}`;
  const [, area, local] = LANDLINE.exec(text) ?? [];
  if (area !== undefined && local !== undefined) return `${area}-${masked(local)}`;
  return OTHER.test(text) ? masked(text.replace(/^\+/, '')) : undefined;
}

/** Replaces all digits before the last four. */
function masked(text: string): string {
  let hidden = text.replaceAll(/[^\d*]/g, '').length - OPEN_DIGITS;
  return text.replaceAll(/[\d*]/g, (digit) => (hidden-- > 0 ? '*' : digit));
}

/** Returns a parcel without contacts, which are personal data. */
export function withoutContact({ contact: _contact, ...parcel }: Parcel): Parcel {
  return parcel;
}
