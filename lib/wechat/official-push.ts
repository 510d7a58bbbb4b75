import { timingSafeEqual } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import { openMessage, signParts, type MessageKey } from './message-cipher.ts';
import { readPush, type PushFacts } from './read-push.ts';
import { parseXml } from './xml.ts';

declare const opened: unique symbol;

/** A verified push of the official account; only openOfficialPush creates this type. */
export type OfficialPush = { readonly [opened]: true } & PushFacts & {
    /** The key that decrypted the push and must encrypt the reply; absent in plain mode. */
    openedWith?: MessageKey;
  };

export interface PushKeys {
  /** The mode set in WeChat's console. */
  mode: 'plain' | 'compatible' | 'secure';
  token: string;
  appId: string;
  /** The current key, followed by the previous key during a key change. */
  aesKeys: readonly MessageKey[];
  nowMs: number;
}

const TOLERANCE_S = 300;

/**
 * Returns the echo for WeChat's check of the address, which is the same in every mode. The signature is verified first,
 * so that only WeChat receives the echo.
 * @throws FORBIDDEN, PARAM_ERROR
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/
 */
export function openOfficialEcho(query: URLSearchParams, keys: Pick<PushKeys, 'token' | 'nowMs'>): string {
  checkSignature('signature', query, keys);
  const echo = query.get('echostr');
  if (!echo) throw new AppError('PARAM_ERROR', 'echostr is missing');
  return echo;
}

/**
 * Verifies and reads a push: signature, clock, cipher, content.
 *
 * The signature of plain mode does not cover the body: an attacker with one signed URL can send any body for five
 * minutes. The other modes therefore read only the encrypted part of a body, and reject a body without an encrypted
 * part.
 * @throws FORBIDDEN, always with the same message, when the push is forged, stale or for another account; PARAM_ERROR
 * when a genuine body is no push
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
 */
export function openOfficialPush(query: URLSearchParams, body: Buffer, keys: PushKeys): OfficialPush {
  const facts = keys.mode === 'plain' ? openPlain(query, body, keys) : openEncrypted(query, body, keys);
  return facts as OfficialPush;
}

function openPlain(query: URLSearchParams, body: Buffer, keys: PushKeys): PushFacts {
  checkSignature('signature', query, keys);
  if (query.get('encrypt_type') === 'aes') throw rejectedPush('encrypted, but OFFICIAL_MODE is plain');
  const xml = parseXml(body.toString('utf8'));
  if (Object.hasOwn(xml, 'Encrypt')) throw rejectedPush('encrypted, but OFFICIAL_MODE is plain');
  return readPush(xml);
}

function openEncrypted(query: URLSearchParams, body: Buffer, keys: PushKeys): PushFacts & { openedWith: MessageKey } {
  const encrypted = encryptedPart(body);
  if (!encrypted) throw rejectedPush(`not encrypted, but OFFICIAL_MODE is ${keys.mode}`);
  checkSignature('msg_signature', query, keys, encrypted);
  for (const key of keys.aesKeys) {
    const message = openMessage(encrypted, { key, appId: keys.appId });
    if (message !== undefined) return { ...readPush(parseXml(message)), openedWith: key };
  }
  throw rejectedPush('OFFICIAL_AES_KEY does not decrypt it, or it belongs to another app than OFFICIAL_APP_ID');
}

function encryptedPart(body: Buffer): string | undefined {
  try {
    const encrypted = parseXml(body.toString('utf8'))['Encrypt'];
    return typeof encrypted === 'string' ? encrypted : undefined;
  } catch {
    return undefined;
  }
}

function checkSignature(
  name: 'signature' | 'msg_signature',
  query: URLSearchParams,
  { token, nowMs }: Pick<PushKeys, 'token' | 'nowMs'>,
  ...more: string[]
): void {
  const [given, timestamp, nonce] = [name, 'timestamp', 'nonce'].map((part) => query.get(part) ?? '');
  const expected = Buffer.from(signParts(token, timestamp!, nonce!, ...more));
  const signature = Buffer.from(given!);
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
    throw rejectedPush(`${name} does not match OFFICIAL_TOKEN`);
  }
  const ageS = nowMs / 1_000 - Number(timestamp);
  if (!(Math.abs(ageS) <= TOLERANCE_S)) throw rejectedPush('its timestamp is too far from the current time');
}

/**
 * Returns the error of a rejected push. The log contains `why`. The response is the same for all reasons, so that an
 * attacker learns nothing from it.
 */
function rejectedPush(why: string): AppError {
  return new AppError('FORBIDDEN', 'This is not a push of WeChat for this account', { detail: { why } });
}
