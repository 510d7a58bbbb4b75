import type { KeyObject } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import { isSignedBy, SCHEME } from './signature.ts';

/** WeChat's key by the exact value of `Wechatpay-Serial`; undefined when there is none that we trust (pay 1.4, 1.6). */
export type PlatformKeys = (serial: string) => Promise<KeyObject | undefined>;

/** Header names are lower case, as payload 2.0 and our client give them. */
export type SignedHeaders = Record<string, string | undefined>;

/** Why something signed was refused; `PROBE` is WeChat testing whether we look (pay 1.7). */
export type Refusal = 'HEADERS' | 'CLOCK' | 'KEY' | 'SIGNATURE' | 'PROBE';

const TOLERANCE_S = 300;
const PROBE_PREFIX = 'WECHATPAY/SIGNTEST/';

/**
 * That WeChat signed these bytes, within five minutes of now in both directions (pay 1.3, 1.4): headers, clock, key,
 * signature, in this order. Parsing comes after.
 * @throws FORBIDDEN with detail.refusal; what the lookup of the key throws
 */
export async function checkWechatpaySignature(
  { headers, body }: { headers: SignedHeaders; body: Buffer },
  { platformKeys, nowMs }: { platformKeys: PlatformKeys; nowMs: number },
): Promise<void> {
  const [timestamp, nonce, signature, serial] = ['timestamp', 'nonce', 'signature', 'serial'].map(
    (name) => headers[`wechatpay-${name}`],
  );
  if (!timestamp || !nonce || !signature || !serial) throw refused('HEADERS', 'Wechatpay headers are missing');
  if ((headers['wechatpay-signature-type'] ?? SCHEME) !== SCHEME) throw refused('HEADERS', 'Not a signature by RSA');
  if (!/^\d{1,12}$/.test(timestamp)) throw refused('CLOCK', 'The time is not in seconds');
  const ageS = nowMs / 1_000 - Number(timestamp);
  if (!(Math.abs(ageS) < TOLERANCE_S)) throw refused('CLOCK', 'The signature is too old or from the future');
  // Before the key is looked up: what cannot be right must not make us ask WeChat for keys.
  if (signature.startsWith(PROBE_PREFIX)) throw refused('PROBE', 'The signature does not fit');
  const publicKey = await platformKeys(serial);
  if (!publicKey) throw refused('KEY', 'The signing key is not one that we trust');
  if (isSignedBy(publicKey, { timestamp, nonce, body, signature })) return;
  throw refused('SIGNATURE', 'The signature does not fit');
}

function refused(refusal: Refusal, message: string): AppError {
  return new AppError('FORBIDDEN', message, { detail: { refusal } });
}
