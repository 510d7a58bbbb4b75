import { sign, verify, type KeyObject } from 'node:crypto';
import type { Runtime } from '../../core/runtime.ts';
import type { JsapiPayment } from '../pay-api.ts';

/** What signs for the merchant: the key and the serial of its certificate belong together. */
export interface Merchant {
  mchId: string;
  certSerial: string;
  privateKey: KeyObject;
}

/** The one kind of signature that we make and take (pay 1.1). */
export const SCHEME = 'WECHATPAY2-SHA256-RSA2048';

/** Lines of a signed message: every one ends with a line feed, the last one too (pay 1.1, 1.4, 3.1). */
function message(...lines: string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** The Authorization header of one request; `body` is the very text that is sent, '' for GET (pay 1.1). */
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

/** Signs a prepay_id for the client (pay 3.1); it may be done again while the prepay_id lives. */
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

/** Whether `signature` (base64) is WeChat's over this answer or notification (pay 1.4); nonsense is just false. */
export function isSignedBy(
  publicKey: KeyObject,
  { timestamp, nonce, body, signature }: { timestamp: string; nonce: string; body: Buffer; signature: string },
): boolean {
  // Node reads base64 up to what it does not know: two values in one header would pass as the first.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return false;
  const signed = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')]);
  return verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64'));
}

function rsaSign(privateKey: KeyObject, text: string): string {
  return sign('RSA-SHA256', Buffer.from(text, 'utf8'), privateKey).toString('base64');
}
