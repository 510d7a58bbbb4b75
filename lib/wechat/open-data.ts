import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { parsePlatformJson } from './json.ts';

/** `encryptedData` and its initialisation vector, both base64. */
export interface SealedData {
  encryptedData: string;
  iv: string;
}

interface OpenDataKeys {
  /** The session key, base64 of 16 bytes; undefined for a session without a session key. */
  sessionKey?: string | undefined;
  appId: string;
  nowMs: number;
}

const TOLERANCE_S = 300;
const watermarked = v.object({ watermark: v.object({ appid: v.string(), timestamp: v.number() }) });

/** The user of a user-info payload. `wx.getUserProfile` returns no openid. */
export const userOfInfo = v.object({ openId: v.optional(v.string()) });
/** The fields that we use of `rawData`. */
const userInfo = v.object({ nickName: v.string(), avatarUrl: v.optional(v.string(), '') });

/**
 * Decrypts open data of the mini-program with the session key (AES-128-CBC) and checks the watermark: our app, and at
 * most five minutes from the current time. All failures get the same error, so that the padding cannot be probed.
 * @throws SESSION_EXPIRED
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html
 */
export function openSealedData<const Schema extends v.GenericSchema>(
  schema: Schema,
  sealed: SealedData,
  keys: OpenDataKeys,
): v.InferOutput<Schema> {
  try {
    const payload: unknown = parsePlatformJson(decrypt(sealed, keys.sessionKey));
    const { watermark } = v.parse(watermarked, payload);
    const ageS = keys.nowMs / 1_000 - watermark.timestamp;
    if (watermark.appid === keys.appId && Math.abs(ageS) <= TOLERANCE_S) return v.parse(schema, payload);
  } catch {
    // Every failure gets the error below.
  }
  throw sessionKeyExpired();
}

/**
 * Checks `signature = sha1(rawData + session_key)`, with the key as text, and returns the values of `rawData`. The
 * signature covers every byte; the cipher of openSealedData leaves parts that a user can change.
 * @throws SESSION_EXPIRED
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html
 */
export function openRawData(
  { rawData, signature }: { rawData: string; signature: string },
  sessionKey: string | undefined,
): v.InferOutput<typeof userInfo> {
  const expected = createHash('sha1').update(`${rawData}${sessionKey}`).digest();
  const given = Buffer.from(signature, 'hex');
  const isSigned = sessionKey && given.length === expected.length && timingSafeEqual(given, expected);
  if (!isSigned) throw sessionKeyExpired();
  try {
    return v.parse(userInfo, parsePlatformJson(rawData));
  } catch {
    throw sessionKeyExpired();
  }
}

function decrypt({ encryptedData, iv }: SealedData, sessionKey = ''): string {
  const decipher = createDecipheriv('aes-128-cbc', bytesOf(sessionKey), bytesOf(iv));
  return Buffer.concat([decipher.update(bytesOf(encryptedData)), decipher.final()]).toString('utf8');
}

/** Decodes base64. Restores each `+` that a form post turned into a space. */
function bytesOf(base64: string): Buffer {
  return Buffer.from(base64.replaceAll(' ', '+'), 'base64');
}

function sessionKeyExpired(): AppError {
  return new AppError(
    'SESSION_EXPIRED',
    'The encrypted data belong to another session; log in again, then request them again',
  );
}
