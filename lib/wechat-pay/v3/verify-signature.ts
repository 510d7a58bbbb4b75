import type { KeyObject } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import { isSignedBy, SCHEME } from './signature.ts';

/** Finds a key of WeChat Pay by the exact value of `Wechatpay-Serial`; undefined for an unknown serial (pay 1.4, 1.6). */
export type PlatformKeys = (serial: string) => Promise<KeyObject | undefined>;

/** Header names are lower case, as payload 2.0 and our client give them. */
export type SignedHeaders = Record<string, string | undefined>;

/** The check that failed. `PROBE` is WeChat's own test with a wrong signature (pay 1.7). */
type SignatureFailure = 'HEADERS' | 'CLOCK' | 'KEY' | 'SIGNATURE' | 'PROBE';

const TOLERANCE_S = 300;
const PROBE_PREFIX = 'WECHATPAY/SIGNTEST/';

/**
 * Asserts that WeChat Pay signed these bytes within five minutes of now, in both directions (pay 1.3, 1.4): headers,
 * clock, key, signature, in this order. Parsing comes after.
 * @throws FORBIDDEN with detail.failure; the errors of the key lookup
 */
export async function assertWechatpaySignature(
  { headers, body }: { headers: SignedHeaders; body: Buffer },
  { platformKeys, nowMs }: { platformKeys: PlatformKeys; nowMs: number },
): Promise<void> {
  const [timestamp, nonce, signature, serial] = ['timestamp', 'nonce', 'signature', 'serial'].map(
    (name) => headers[`wechatpay-${name}`],
  );
  if (!timestamp || !nonce || !signature || !serial) throw signatureError('HEADERS', 'Wechatpay headers are missing');
  if ((headers['wechatpay-signature-type'] ?? SCHEME) !== SCHEME)
    throw signatureError('HEADERS', 'Not a signature by RSA');
  if (!/^\d{1,12}$/.test(timestamp)) throw signatureError('CLOCK', 'The time is not in seconds');
  const ageS = nowMs / 1_000 - Number(timestamp);
  if (!(Math.abs(ageS) < TOLERANCE_S)) throw signatureError('CLOCK', 'The signature is too old or from the future');
  // Before the key lookup, so that a signature that cannot be right never makes us fetch keys.
  if (signature.startsWith(PROBE_PREFIX)) throw signatureError('PROBE', 'The signature does not fit');
  const publicKey = await platformKeys(serial);
  if (!publicKey) throw signatureError('KEY', 'The signing key is not one that we trust');
  if (isSignedBy(publicKey, { timestamp, nonce, body, signature })) return;
  throw signatureError('SIGNATURE', 'The signature does not fit');
}

function signatureError(failure: SignatureFailure, message: string): AppError {
  return new AppError('FORBIDDEN', message, { detail: { failure } });
}
