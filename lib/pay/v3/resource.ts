import { createDecipheriv } from 'node:crypto';

const TAG_BYTES = 16;

/**
 * AEAD_AES_256_GCM as WeChat Pay packs it (pay 4.3): base64 of ciphertext and tag; key, nonce and associated data are
 * taken as the bytes of their text. Throws when the tag does not fit.
 */
export function decryptResource(
  apiV3Key: string,
  { ciphertext, nonce, associatedData }: { ciphertext: string; nonce: string; associatedData: string },
): string {
  const sealed = Buffer.from(ciphertext, 'base64');
  const split = sealed.length - TAG_BYTES;
  if (split < 0) throw new RangeError('shorter than its tag');
  const options = { authTagLength: TAG_BYTES };
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce), options);
  decipher.setAAD(Buffer.from(associatedData));
  decipher.setAuthTag(sealed.subarray(split));
  return Buffer.concat([decipher.update(sealed.subarray(0, split)), decipher.final()]).toString('utf8');
}
