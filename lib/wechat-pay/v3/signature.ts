import { sign, verify, type KeyObject } from 'node:crypto';
import type { Runtime } from '../../core/runtime.ts';
import type { JsapiPayment } from '../pay-api.ts';

/** The merchant with its signing key. `certSerial` is the serial of the certificate for this key. */
export interface Merchant {
  mchId: string;
  certSerial: string;
  privateKey: KeyObject;
}

/** The only signature scheme that this service creates and accepts. */
export const SCHEME = 'WECHATPAY2-SHA256-RSA2048';

/** Joins the lines of a signed message. Every line ends with a line feed, including the last line. */
function message(...lines: string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * Returns the Authorization header of one request.
 * @param body the exact text that is sent, '' for GET
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012365342
 */
export function authorization(
  { mchId, certSerial, privateKey }: Merchant,
  { method, url, body }: { method: string; url: URL; body: string },
  { now, randomBytes }: Pick<Runtime, 'now' | 'randomBytes'>,
): string {
  const timestamp = String(Math.floor(now() / 1_000));
  const nonce = randomBytes(16).toString('hex');
  const signature = rsaSign(privateKey, message(method, url.pathname + url.search, timestamp, nonce, body));
  const fields = { mchid: mchId, nonce_str: nonce, signature, timestamp, serial_no: certSerial };
  return `${SCHEME} ${Object.entries(fields)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}`;
}

/**
 * Signs a prepay_id for the client. A valid prepay_id can be signed any number of times.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012365339
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012365341
 */
export function signJsapiPayment(
  privateKey: KeyObject,
  { appId, prepayId }: { appId: string; prepayId: string },
  { now, randomBytes }: Pick<Runtime, 'now' | 'randomBytes'>,
): JsapiPayment {
  const timeStamp = String(Math.floor(now() / 1_000));
  const nonceStr = randomBytes(16).toString('hex');
  const pack = `prepay_id=${prepayId}`;
  const paySign = rsaSign(privateKey, message(appId, timeStamp, nonceStr, pack));
  return { appId, timeStamp, nonceStr, package: pack, signType: 'RSA', paySign };
}

/**
 * Returns whether `signature` (base64) is WeChat Pay's signature of this response or notification. A malformed
 * signature returns false.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013053249
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013053420
 */
export function isSignedBy(
  publicKey: KeyObject,
  { timestamp, nonce, body, signature }: { timestamp: string; nonce: string; body: Buffer; signature: string },
): boolean {
  // Node decodes base64 up to its padding only, so two values in one header would pass as the first value.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return false;
  const signed = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')]);
  return verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64'));
}

function rsaSign(privateKey: KeyObject, text: string): string {
  return sign('RSA-SHA256', Buffer.from(text, 'utf8'), privateKey).toString('base64');
}
