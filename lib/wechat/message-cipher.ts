import { createCipheriv, createDecipheriv, createHash, createSecretKey, type KeyObject } from 'node:crypto';

/** An EncodingAESKey. A key object does not show its bytes, whoever logs or serialises what holds it. */
export type MessageKey = KeyObject;

interface Envelope {
  key: MessageKey;
  /** Stands behind the message, inside the cipher: a message for another app does not open. */
  appId: string;
}

const CIPHER = 'aes-256-cbc';
/** WeChat pads to 32 bytes, twice the block of AES: the library's own padding would refuse most messages. */
const BLOCK_BYTES = 32;
const RANDOM_BYTES = 16;
const HEAD_BYTES = RANDOM_BYTES + 4;

/** The key in an EncodingAESKey, 43 letters and digits (platform 3.1); undefined for anything else. */
export function readMessageKey(encodingAesKey: string): MessageKey | undefined {
  if (!/^[A-Za-z0-9]{43}$/.test(encodingAesKey)) return undefined;
  return createSecretKey(`${encodingAesKey}=`, 'base64');
}

/**
 * SHA-1 over the sorted parts, hex: with token, timestamp and nonce it is `signature`, with the cipher text as fourth
 * `msg_signature` (platform 3.2, 3.3). Code-unit order, as WeChat sorts; localeCompare would differ.
 */
export function signParts(...parts: string[]): string {
  return createHash('sha1').update(parts.toSorted().join('')).digest('hex');
}

/** The message in `Encrypt` (platform 3.4), or undefined if this key does not open it or it is for another app. */
export function openMessage(encrypted: string, { key, appId }: Envelope): string | undefined {
  const sealed = Buffer.from(encrypted, 'base64');
  if (sealed.length === 0 || sealed.length % BLOCK_BYTES !== 0) return undefined;
  const decipher = createDecipheriv(CIPHER, key, ivOf(key)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(sealed), decipher.final()]);
  const padding = padded.at(-1)!;
  if (padding < 1 || padding > BLOCK_BYTES) return undefined;
  if (!padded.subarray(-padding).every((byte) => byte === padding)) return undefined;
  const text = padded.subarray(0, -padding);
  if (text.length < HEAD_BYTES) return undefined;
  const end = HEAD_BYTES + text.readUInt32BE(RANDOM_BYTES);
  if (end > text.length || !text.subarray(end).equals(Buffer.from(appId))) return undefined;
  return text.toString('utf8', HEAD_BYTES, end);
}

/** The reverse of openMessage: base64. `random` is 16 bytes that nobody can guess. */
export function sealMessage(message: string, { key, appId, random }: Envelope & { random: Buffer }): string {
  const bytes = Buffer.from(message);
  const length = Buffer.alloc(HEAD_BYTES - RANDOM_BYTES);
  length.writeUInt32BE(bytes.length);
  const text = Buffer.concat([random, length, bytes, Buffer.from(appId)]);
  const padding = BLOCK_BYTES - (text.length % BLOCK_BYTES);
  const cipher = createCipheriv(CIPHER, key, ivOf(key)).setAutoPadding(false);
  const sealed = [cipher.update(text), cipher.update(Buffer.alloc(padding, padding)), cipher.final()];
  return Buffer.concat(sealed).toString('base64');
}

function ivOf(key: MessageKey): Buffer {
  return key.export().subarray(0, RANDOM_BYTES);
}
