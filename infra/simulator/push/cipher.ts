// Signatures and encryption of message pushes.
// See https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const headBytes = 20;
const blockBytes = 32;

/** SHA-1 over the sorted parts, in hex: three parts for `signature`, plus the ciphertext for `msg_signature`. */
export function signatureOf(...parts: string[]): string {
  return createHash('sha1').update(parts.toSorted().join('')).digest('hex');
}

/** AES-256-CBC over 16 random bytes, the length, the message and the app id, padded to a multiple of 32. */
export function encryptMessage(
  aesKey: string,
  { message, appId }: { message: string; appId: string },
  random: Buffer = randomBytes(16),
): string {
  const { key, iv } = keyOf(aesKey);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(message));
  const plain = Buffer.concat([random, length, Buffer.from(message), Buffer.from(appId)]);
  const pad = blockBytes - (plain.length % blockBytes);
  // The padding built into the cipher uses blocks of 16 bytes.
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(pad, pad)), cipher.final()]).toString(
    'base64',
  );
}

/** Decrypts the output of `encryptMessage`. @throws Error with the reason if the input is invalid */
export function decryptMessage(aesKey: string, encrypted: string, appId: string): string {
  const { key, iv } = keyOf(aesKey);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encrypted)) throw new Error('Encrypt is not base64');
  const bytes = Buffer.from(encrypted, 'base64');
  if (bytes.length % blockBytes !== 0) throw new Error('Encrypt is not padded to a multiple of 32 bytes');
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(bytes), decipher.final()]);
  const pad = padded.at(-1) ?? 0;
  const isPadded = pad >= 1 && pad <= blockBytes && padded.subarray(-pad).every((byte) => byte === pad);
  if (!isPadded || padded.length - pad < headBytes) throw new Error('Encrypt has a wrong key or padding');
  const plain = padded.subarray(0, padded.length - pad);
  const end = headBytes + plain.readUInt32BE(headBytes - 4);
  if (end > plain.length) throw new Error('Encrypt has a wrong length inside');
  if (plain.subarray(end).toString() !== appId) throw new Error('Encrypt does not end with the app id');
  return plain.subarray(headBytes, end).toString();
}

function keyOf(aesKey: string): { key: Buffer; iv: Buffer } {
  const key = Buffer.from(`${aesKey}=`, 'base64');
  return { key, iv: key.subarray(0, 16) };
}
