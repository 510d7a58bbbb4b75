import { createCipheriv, createDecipheriv, createHash, createSecretKey, type KeyObject } from 'node:crypto';

/** An EncodingAESKey. A key object never shows its bytes in logs or serialised objects. */
export type MessageKey = KeyObject;

interface Envelope {
  key: MessageKey;
  /** Follows the message in the plaintext, so that a message for another app is rejected. */
  appId: string;
}

const CIPHER = 'aes-256-cbc';
/**
 * WeChat pads to blocks of 32 bytes, twice the AES block size. The automatic padding of `node:crypto` would reject such
 * padding.
 */
const BLOCK_BYTES = 32;
const RANDOM_BYTES = 16;
const HEAD_BYTES = RANDOM_BYTES + 4;

/**
 * Decodes an EncodingAESKey of 43 letters and digits; undefined for other text.
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/
 */
export function readMessageKey(encodingAesKey: string): MessageKey | undefined {
  if (!/^[A-Za-z0-9]{43}$/.test(encodingAesKey)) return undefined;
  return createSecretKey(`${encodingAesKey}=`, 'base64');
}

/**
 * The beginning of the nonce of each reply. Pushes and replies have the same keys and the same signature, so a reply
 * must not pass as a push. WeChat's nonces are numbers.
 */
export const REPLY_NONCE = 'reply';

/**
 * Returns SHA-1 over the sorted parts as hex. `signature` covers token, timestamp and nonce; `msg_signature` also
 * covers the ciphertext. WeChat sorts in code-unit order, unlike localeCompare.
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
 */
export function signParts(...parts: string[]): string {
  return createHash('sha1').update(parts.toSorted().join('')).digest('hex');
}

/**
 * Decrypts the content of `Encrypt`; undefined for a malformed text, a wrong key or another app.
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
 */
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

/** Encrypts a message for openMessage, as base64. `random` is 16 unpredictable bytes. */
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
