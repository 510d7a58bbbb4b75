import { createHash, createHmac } from 'node:crypto';

export const SIGN_TYPES = ['MD5', 'HMAC-SHA256'] as const;
export type SignType = (typeof SIGN_TYPES)[number];

/** The elements under `<xml>`, as unchanged text. */
export type V2Fields = Record<string, string>;

/**
 * Signs all non-empty fields except `sign`; upper-case hex.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011985891
 */
export function v2Sign(fields: V2Fields, key: string, type: SignType): string {
  const names = Object.keys(fields).filter((name) => name !== 'sign' && fields[name] !== '');
  // Sorted by code unit; sorting by locale would mix upper and lower case.
  const pairs = names.toSorted().map((name) => `${name}=${fields[name]}`);
  const text = [...pairs, `key=${key}`].join('&');
  const hash = type === 'MD5' ? createHash('md5') : createHmac('sha256', key);
  return hash.update(text).digest('hex').toUpperCase();
}
