import type { KeyObject } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import { isSignedBy, SCHEME } from './signature.ts';

/** Finds a key of WeChat Pay by the exact value of `Wechatpay-Serial`. Returns undefined for an unknown serial. */
export type PlatformKeys = (serial: string) => Promise<KeyObject | undefined>;

/** Headers with lower-case names, as Lambda and our HTTP client provide them. */
export type SignedHeaders = Record<string, string | undefined>;

/**
 * The check that failed. `PROBE` is a deliberately wrong signature, with which WeChat Pay tests this check.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013053249
 */
type SignatureFailure = 'HEADERS' | 'CLOCK' | 'KEY' | 'SIGNATURE' | 'PROBE';

const TOLERANCE_S = 300;
const PROBE_PREFIX = 'WECHATPAY/SIGNTEST/';

/**
 * Asserts that WeChat Pay signed these bytes less than five minutes before or after `nowMs`. The checks run in this
 * order: headers, clock, key, signature. The caller parses the body afterwards.
 * @throws FORBIDDEN with the failed check in detail.failure; the errors of the key lookup
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013053249
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013053420
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
    throw signatureError('HEADERS', `Wechatpay-Signature-Type must be ${SCHEME}`);
  if (!/^\d{1,12}$/.test(timestamp)) throw signatureError('CLOCK', 'Wechatpay-Timestamp must be epoch seconds');
  const ageS = nowMs / 1_000 - Number(timestamp);
  if (!(Math.abs(ageS) < TOLERANCE_S))
    throw signatureError('CLOCK', 'Wechatpay-Timestamp must be less than five minutes from now');
  // This check precedes the key lookup, so that a probe never triggers a fetch of keys.
  if (signature.startsWith(PROBE_PREFIX)) throw signatureError('PROBE', 'The signature is not valid');
  const publicKey = await platformKeys(serial);
  if (!publicKey) throw signatureError('KEY', 'Wechatpay-Serial names no key that this service trusts');
  if (isSignedBy(publicKey, { timestamp, nonce, body, signature })) return;
  throw signatureError('SIGNATURE', 'The signature is not valid');
}

function signatureError(failure: SignatureFailure, message: string): AppError {
  return new AppError('FORBIDDEN', message, { detail: { failure } });
}
