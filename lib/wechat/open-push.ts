import { timingSafeEqual } from 'node:crypto';
import { AppError, isAppError } from '../core/errors.ts';
import { openMessage, REPLY_NONCE, signParts, type MessageKey } from './message-cipher.ts';
import type { XmlElement } from './xml.ts';

/** A push as opened. Only the entry points of the apps give it their brand. */
export type Opened<Facts> = Facts & {
  /** The format of the push, in which WeChat expects the answer. */
  format: PushFormat;
  /** The key that decrypted the push and must encrypt the reply; absent in plain mode. */
  openedWith?: MessageKey;
};

/** The official account sends XML; the mini-program sends the format that its console shows. */
type PushFormat = 'xml' | 'json';

/** The differences between the pushes of the two apps. */
export interface PushProtocol<Facts> {
  /** The prefix of the names of the app's settings. */
  settings: 'OFFICIAL' | 'MINIAPP';
  /** The parsers of the formats that the app sends. @throws PARAM_ERROR, as `read` */
  parsers: Partial<Record<PushFormat, (message: string) => XmlElement>>;
  /** Reads the elements of a verified push. @throws PARAM_ERROR with a message that contains nothing of the push */
  read(elements: XmlElement): Facts;
  /** Whether WeChat repeats the push for hours, so that CreateTime has no limit. */
  isRepeatedForHours(facts: Facts): boolean;
}

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

/** The keys of the check of the address. */
export type EchoKeys = Pick<PushKeys, 'token' | 'nowMs'>;

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

/** The prefix of the settings that a rejection names. */
type Settings = PushProtocol<unknown>['settings'];
type Parsers = PushProtocol<unknown>['parsers'];

/**
 * Returns the echo for WeChat's check of the address, which is the same in every mode. The signature is verified first,
 * so that only WeChat receives the echo.
 * @throws FORBIDDEN, PARAM_ERROR
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/
 */
export function openEcho(query: URLSearchParams, keys: EchoKeys, settings: Settings): string {
  checkSignature('signature', { query, keys, settings });
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
export function openPush<Facts extends { createTimeS: number }>(
  push: { query: URLSearchParams; body: Buffer },
  keys: PushKeys,
  protocol: PushProtocol<Facts>,
): Opened<Facts> | UnreadablePush {
  const received = { ...push, keys, settings: protocol.settings };
  try {
    return keys.mode === 'plain' ? openPlain(received, protocol) : openEncrypted(received, protocol);
  } catch (error) {
    // Only the readers throw PARAM_ERROR, and they run after the verification.
    if (isAppError(error, 'PARAM_ERROR')) return { unreadable: error.message };
    throw error;
  }
}

interface Received {
  query: URLSearchParams;
  body: Buffer;
  keys: PushKeys;
  settings: Settings;
}

function openPlain<Facts>(received: Received, { settings, parsers, read }: PushProtocol<Facts>): Opened<Facts> {
  checkSignature('signature', received);
  const isEncrypted = `encrypted, but ${settings}_MODE is plain`;
  if (received.query.get('encrypt_type') === 'aes') throw rejectedPush(isEncrypted);
  const { format, elements } = parse(received.body.toString('utf8'), parsers);
  if (Object.hasOwn(elements, 'Encrypt')) throw rejectedPush(isEncrypted);
  return { ...read(elements), format };
}

function openEncrypted<Facts extends { createTimeS: number }>(
  received: Received,
  { parsers, read, isRepeatedForHours }: PushProtocol<Facts>,
): Opened<Facts> {
  const { body, keys, settings } = received;
  const encrypted = findEncrypted(body, parsers);
  if (!encrypted) throw rejectedPush(`not encrypted, but ${settings}_MODE is ${keys.mode}`);
  checkSignature('msg_signature', received, encrypted);
  const { message, openedWith } = decrypt(encrypted, received);
  const { format, elements } = parse(message, parsers);
  const facts = read(elements);
  if (!isRepeatedForHours(facts) && secondsFromNow(facts.createTimeS, keys) > CREATE_TIME_TOLERANCE_S) {
    throw rejectedPush('its sealed CreateTime is more than an hour from the current time');
  }
  return { ...facts, format, openedWith };
}

/** Parses a verified message. @throws PARAM_ERROR when it has no format of the app */
function parse(message: string, parsers: Parsers): { format: PushFormat; elements: XmlElement } {
  const format = message.trimStart().startsWith('{') ? 'json' : 'xml';
  const parser = parsers[format];
  if (parser) return { format, elements: parser(message) };
  throw new AppError('PARAM_ERROR', `The message must be ${Object.keys(parsers).join(' or ').toUpperCase()}`);
}

/**
 * Returns the content of the last `Encrypt` by a linear scan, because the body is not authenticated yet. In compatible
 * mode the text of a user precedes the ciphertext and can contain an `Encrypt` element. WeChat does not escape the end
 * of a CDATA section in the text, so an XML body may not even be well-formed. JSON escapes the quotes of a text.
 */
function findEncrypted(body: Buffer, parsers: Parsers): string | undefined {
  const text = body.toString('latin1').trim();
  if (parsers.json && text.startsWith('{')) {
    if (!text.endsWith('}')) return undefined;
    return ENCRYPT_JSON.exec(text.slice(text.lastIndexOf('"Encrypt"')))?.[1]?.replaceAll('\\/', '/');
  }
  if (!parsers.xml || !ROOT.test(text) || !text.endsWith('</xml>')) return undefined;
  return ENCRYPT.exec(text.slice(text.lastIndexOf('<Encrypt>')))?.[1];
}

const ROOT = /^(?:<\?xml[^<>]*\?>\s*)?<xml>/;
const ENCRYPT = /^<Encrypt>(?:<!\[CDATA\[)?([A-Za-z0-9+/]+={0,2})(?:\]\]>)?<\/Encrypt>/;
/** A slash may be escaped in JSON. */
const ENCRYPT_JSON = /^"Encrypt"\s*:\s*"((?:[A-Za-z0-9+]|\\?\/)+={0,2})"/;

function decrypt(
  encrypted: string,
  { keys: { aesKeys, appId }, settings }: Received,
): { message: string; openedWith: MessageKey } {
  for (const key of aesKeys) {
    const message = openMessage(encrypted, { key, appId });
    if (message !== undefined) return { message, openedWith: key };
  }
  throw rejectedPush(`${settings}_AES_KEY does not decrypt it, or it belongs to another app than ${settings}_APP_ID`);
}

function checkSignature(
  name: 'signature' | 'msg_signature',
  { query, keys, settings }: { query: URLSearchParams; keys: EchoKeys; settings: Settings },
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
    throw rejectedPush(`${name} does not match ${settings}_TOKEN`);
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
