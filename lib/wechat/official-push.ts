import { timingSafeEqual } from 'node:crypto';
import { AppError, isAppError } from '../core/errors.ts';
import { openMessage, REPLY_NONCE, signParts, type MessageKey } from './message-cipher.ts';
import { readPush, type PushFacts } from './read-push.ts';
import { parseXml } from './xml.ts';

declare const opened: unique symbol;

/** A verified push of the official account; only openOfficialPush creates this type. */
export type OfficialPush = { readonly [opened]: true } & PushFacts & {
    /** The key that decrypted the push and must encrypt the reply; absent in plain mode. */
    openedWith?: MessageKey;
  };

/** An authentic push that cannot be read. */
export interface UnreadablePush {
  /** The reason, for the log. It contains nothing of the push. */
  unreadable: string;
}

export interface PushKeys {
  /** The mode set in WeChat's console. */
  mode: 'plain' | 'compatible' | 'secure';
  token: string;
  appId: string;
  /** The current key, followed by the previous key during a key change. */
  aesKeys: readonly MessageKey[];
  nowMs: number;
}

/** Maximum distance of a signature's timestamp from the clock. */
const TIMESTAMP_TOLERANCE_S = 300;
/**
 * Maximum distance of a sealed CreateTime from the clock. Timestamp and nonce are interchangeable in a signature, so a
 * captured push is validly signed again when the clock reaches its nonce. The sealed time cannot be exchanged. An hour
 * leaves room for WeChat's retries.
 */
const CREATE_TIME_TOLERANCE_S = 3_600;
/** The query parameters that this file reads. */
const PARAMETERS = ['signature', 'msg_signature', 'timestamp', 'nonce', 'encrypt_type', 'echostr'];
/** The format of a time in epoch seconds. */
const SECONDS = /^\d{1,10}$/;
/**
 * A signature covers the concatenation of its parts, without separators. A longer nonce could take whole blocks from
 * the beginning of a captured ciphertext, and a text in the rest would become the message.
 */
const MAX_NONCE_CHARACTERS = 64;

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
 * Verifies and reads a push: signature, clock, cipher, content. No parser reads the body before its signature is
 * verified.
 *
 * The signature of plain mode does not cover the body: an attacker with one signed URL can send any body for five
 * minutes, and again when the clock reaches the nonce. The other modes therefore read only the encrypted part of a
 * body, and reject a body without an encrypted part.
 * @returns the push, or the reason why an authentic push cannot be read. WeChat expects `success` for such a push too
 * @throws FORBIDDEN, always with the same message, when the push is forged, stale or for another account
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
 */
export function openOfficialPush(query: URLSearchParams, body: Buffer, keys: PushKeys): OfficialPush | UnreadablePush {
  try {
    return (keys.mode === 'plain' ? openPlain(query, body, keys) : openEncrypted(query, body, keys)) as OfficialPush;
  } catch (error) {
    // Only the readers throw PARAM_ERROR, and they run after the verification.
    if (isAppError(error, 'PARAM_ERROR')) return { unreadable: error.message };
    throw error;
  }
}

function openPlain(query: URLSearchParams, body: Buffer, keys: PushKeys): PushFacts {
  checkSignature('signature', query, keys);
  if (query.get('encrypt_type') === 'aes') throw rejectedPush('encrypted, but OFFICIAL_MODE is plain');
  const xml = parseXml(body.toString('utf8'));
  if (Object.hasOwn(xml, 'Encrypt')) throw rejectedPush('encrypted, but OFFICIAL_MODE is plain');
  return readPush(xml);
}

function openEncrypted(query: URLSearchParams, body: Buffer, keys: PushKeys): PushFacts & { openedWith: MessageKey } {
  const encrypted = findEncrypted(body);
  if (!encrypted) throw rejectedPush(`not encrypted, but OFFICIAL_MODE is ${keys.mode}`);
  checkSignature('msg_signature', query, keys, encrypted);
  const { message, openedWith } = decrypt(encrypted, keys);
  const facts = readPush(parseXml(message));
  if (secondsFromNow(facts.createTimeS, keys) > CREATE_TIME_TOLERANCE_S) {
    throw rejectedPush('its sealed CreateTime is more than an hour from the current time');
  }
  return { ...facts, openedWith };
}

/**
 * Returns the content of the last `<Encrypt>` by a linear scan, because the body is not authenticated yet. In
 * compatible mode the text of a user precedes the ciphertext. This text can contain `<Encrypt>`. WeChat does not escape
 * the end of a CDATA section in the text, so the body may not even be well-formed XML.
 */
function findEncrypted(body: Buffer): string | undefined {
  const text = body.toString('latin1').trim();
  if (!ROOT.test(text) || !text.endsWith('</xml>')) return undefined;
  return ENCRYPT.exec(text.slice(text.lastIndexOf('<Encrypt>')))?.[1];
}

const ROOT = /^(?:<\?xml[^<>]*\?>\s*)?<xml>/;
const ENCRYPT = /^<Encrypt>(?:<!\[CDATA\[)?([A-Za-z0-9+/]+={0,2})(?:\]\]>)?<\/Encrypt>/;

function decrypt(encrypted: string, { aesKeys, appId }: PushKeys): { message: string; openedWith: MessageKey } {
  for (const key of aesKeys) {
    const message = openMessage(encrypted, { key, appId });
    if (message !== undefined) return { message, openedWith: key };
  }
  throw rejectedPush('OFFICIAL_AES_KEY does not decrypt it, or it belongs to another app than OFFICIAL_APP_ID');
}

function checkSignature(
  name: 'signature' | 'msg_signature',
  query: URLSearchParams,
  keys: Pick<PushKeys, 'token' | 'nowMs'>,
  ...more: string[]
): void {
  const isRepeated = PARAMETERS.some((parameter) => query.getAll(parameter).length > 1);
  const [given, timestamp, nonce] = [name, 'timestamp', 'nonce'].map((parameter) => query.get(parameter) ?? '');
  if (isRepeated || !SECONDS.test(timestamp!) || nonce!.length > MAX_NONCE_CHARACTERS) {
    throw rejectedPush('its query repeats a parameter, or its timestamp or nonce is malformed');
  }
  if (nonce!.startsWith(REPLY_NONCE)) throw rejectedPush('it is a reply of this service');
  const expected = Buffer.from(signParts(keys.token, timestamp!, nonce!, ...more));
  const signature = Buffer.from(given!);
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
    throw rejectedPush(`${name} does not match OFFICIAL_TOKEN`);
  }
  if (secondsFromNow(Number(timestamp), keys) > TIMESTAMP_TOLERANCE_S) {
    throw rejectedPush('its timestamp is too far from the current time');
  }
}

function secondsFromNow(timeS: number, { nowMs }: Pick<PushKeys, 'nowMs'>): number {
  return Math.abs(nowMs / 1_000 - timeS);
}

/**
 * Returns the error of a rejected push. The log contains `why`. The response is the same for all reasons, so that an
 * attacker learns nothing from it.
 */
function rejectedPush(why: string): AppError {
  return new AppError('FORBIDDEN', 'This is not a push of WeChat for this account', { detail: { why } });
}
