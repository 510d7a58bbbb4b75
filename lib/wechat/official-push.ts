import { timingSafeEqual } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import { openMessage, signParts, type MessageKey } from './message-cipher.ts';
import { readPush, type PushFacts } from './read-push.ts';
import { parseXml } from './xml.ts';

declare const opened: unique symbol;

/** A push of the official account that WeChat has sent to us; only openOfficialPush makes one. */
export type OfficialPush = { readonly [opened]: true } & PushFacts & {
    /** The key that opened it, which the answer must be sealed with; absent in plain mode. */
    openedWith?: MessageKey;
  };

export interface PushKeys {
  /** As chosen in WeChat's console (platform 3.3). */
  mode: 'plain' | 'compatible' | 'secure';
  token: string;
  appId: string;
  /** The current one first, then the one before, for as long as the console is being changed. */
  aesKeys: readonly MessageKey[];
  nowMs: number;
}

const TOLERANCE_S = 300;

/**
 * The answer to WeChat's address check, the same in every mode (platform 3.2): the signature comes first, or anybody
 * could make us echo.
 * @throws FORBIDDEN, PARAM_ERROR
 */
export function openOfficialEcho(query: URLSearchParams, keys: Pick<PushKeys, 'token' | 'nowMs'>): string {
  checkSignature('signature', query, keys);
  const echo = query.get('echostr');
  if (!echo) throw new AppError('PARAM_ERROR', 'echostr is missing');
  return echo;
}

/**
 * Raw request to typed push: signature, clock, cipher, then what it says (platform 3.3 to 3.6).
 *
 * Plain mode is weak by WeChat's design: its signature does not cover the body, so whoever has seen one signed address
 * may send any body for five minutes. The other modes never read a body that is not encrypted, because that would let
 * the same in by the back door; and of a compatible body they read the encrypted part alone.
 * @throws FORBIDDEN, always with the same text, for whatever is not from WeChat, not for us or not from now;
 * PARAM_ERROR for a genuine body that is no push
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
  throw rejectedPush('OFFICIAL_AES_KEY does not open it, or it is not for OFFICIAL_APP_ID');
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
    throw rejectedPush(`${name} is not made with OFFICIAL_TOKEN`);
  }
  const ageS = nowMs / 1_000 - Number(timestamp);
  if (!(Math.abs(ageS) <= TOLERANCE_S)) throw rejectedPush('too old, or from the future');
}

/** `why` is for our log; the sender must not learn how far a forgery got. */
function rejectedPush(why: string): AppError {
  return new AppError('FORBIDDEN', 'This is not a push of WeChat for this account', { detail: { why } });
}
