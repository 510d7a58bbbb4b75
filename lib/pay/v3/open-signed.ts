import type { KeyObject } from 'node:crypto';
import { AppError } from '../../errors.ts';
import { isSignedBy } from './signature.ts';

/** WeChat's keys by the exact value of `Wechatpay-Serial`: several may be valid at once (pay 1.6). */
export type PlatformKeys = ReadonlyMap<string, KeyObject>;

/** Header names are lower case, as payload 2.0 and our client give them. */
export type SignedHeaders = Record<string, string | undefined>;

/** Why something signed was refused; `PROBE` is WeChat testing whether we look (pay 1.7). */
export type Refusal = 'HEADERS' | 'CLOCK' | 'KEY' | 'SIGNATURE' | 'PROBE';

const TOLERANCE_S = 300;
const PROBE_PREFIX = 'WECHATPAY/SIGNTEST/';

/**
 * That WeChat signed these bytes, within five minutes of now in both directions (pay 1.3, 1.4): headers, clock, key,
 * signature, in this order. Parsing comes after.
 * @throws FORBIDDEN with detail.refusal
 */
export function checkWechatpaySignature(
  { headers, body }: { headers: SignedHeaders; body: Buffer },
  { platformKeys, nowMs }: { platformKeys: PlatformKeys; nowMs: number },
): void {
  const [timestamp, nonce, signature, serial] = ['timestamp', 'nonce', 'signature', 'serial'].map(
    (name) => headers[`wechatpay-${name}`],
  );
  if (!timestamp || !nonce || !signature || !serial) throw refused('HEADERS', 'Wechatpay headers are missing');
  const ageS = nowMs / 1_000 - Number(timestamp);
  if (!(Math.abs(ageS) < TOLERANCE_S)) throw refused('CLOCK', 'The signature is too old or from the future');
  const publicKey = platformKeys.get(serial);
  if (!publicKey) throw refused('KEY', 'The signing key is not one that we trust');
  if (isSignedBy(publicKey, { timestamp, nonce, body, signature })) return;
  throw refused(signature.startsWith(PROBE_PREFIX) ? 'PROBE' : 'SIGNATURE', 'The signature does not fit');
}

function refused(refusal: Refusal, message: string): AppError {
  return new AppError('FORBIDDEN', message, { detail: { refusal } });
}
