import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Verified } from '../verified.ts';
import type { V2Fields } from './fields.ts';

export type V2SignType = 'MD5' | 'HMAC-SHA256';

const TYPE_BY_HEX_LENGTH: Partial<Record<number, V2SignType>> = { 32: 'MD5', 64: 'HMAC-SHA256' };

/**
 * The signature over all fields that are not empty, `sign` itself left out (pay 5.2), in upper-case hex. Names are sorted
 * by code unit; a locale would mix the cases.
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
 * Whether the holder of the key signed these fields, unknown fields included (pay 5.2). The length of `sign` gives its
 * type, because notifications do not always name it. A named type must agree.
 */
export function isSigned(fields: V2Fields, apiV2Key: string): fields is Verified<V2Fields> {
  const { sign = '', sign_type: named } = fields;
  const type = /^[\dA-Fa-f]+$/.test(sign) ? TYPE_BY_HEX_LENGTH[sign.length] : undefined;
  if (!type || (named && named !== type)) return false;
  return timingSafeEqual(Buffer.from(sign.toUpperCase()), Buffer.from(signFields(fields, apiV2Key, type)));
}
