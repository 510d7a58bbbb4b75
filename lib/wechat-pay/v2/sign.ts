import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Verified } from '../verified.ts';
import type { V2Fields } from './fields.ts';

export type V2SignType = 'MD5' | 'HMAC-SHA256';

const TYPE_BY_HEX_LENGTH: Partial<Record<number, V2SignType>> = { 32: 'MD5', 64: 'HMAC-SHA256' };

/**
 * Returns the signature (upper-case hex) over all non-empty fields except `sign`. Names are sorted by code unit,
 * because the order of a locale mixes upper and lower case.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011985891
 */
export function signFields(fields: V2Fields, apiV2Key: string, type: V2SignType): string {
  const names = Object.keys(fields).filter((name) => name !== 'sign' && fields[name] !== '');
  const pairs = names.toSorted().map((name) => `${name}=${fields[name]}`);
  const hash = type === 'MD5' ? createHash('md5') : createHmac('sha256', apiV2Key);
  return hash
    .update([...pairs, `key=${apiV2Key}`].join('&'), 'utf8')
    .digest('hex')
    .toUpperCase();
}

/**
 * Returns whether the holder of the key signed these fields, including unknown fields. The length of `sign` determines
 * the type, because notifications can omit `sign_type`. A `sign_type` in the message must match the length.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011985891
 */
export function isSigned(fields: V2Fields, apiV2Key: string): fields is Verified<V2Fields> {
  const { sign = '', sign_type: givenType } = fields;
  const type = /^[\dA-Fa-f]+$/.test(sign) ? TYPE_BY_HEX_LENGTH[sign.length] : undefined;
  if (!type || (givenType && givenType !== type)) return false;
  return timingSafeEqual(Buffer.from(sign.toUpperCase()), Buffer.from(signFields(fields, apiV2Key, type)));
}
