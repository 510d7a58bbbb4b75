import { createDecipheriv } from 'node:crypto';
import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';

const TAG_BYTES = 16;

/** Something encrypted for us, as it stands in notifications and among certificates (pay 1.5, 4.1). */
export const sealedResource = v.object({
  algorithm: v.literal('AEAD_AES_256_GCM'),
  ciphertext: v.string(),
  nonce: v.string(),
  associated_data: v.nullish(v.string(), ''),
});

/**
 * Opens a resource with the first of the keys that fits: what WeChat sent before a change of the key is still under way
 * after it. @throws FORBIDDEN when none does
 */
export function openResource(apiV3Keys: string[], resource: v.InferOutput<typeof sealedResource>): string {
  const { ciphertext, nonce, associated_data: associatedData } = resource;
  let cause: unknown;
  for (const key of apiV3Keys) {
    try {
      return decryptResource(key, { ciphertext, nonce, associatedData });
    } catch (error) {
      cause = error;
    }
  }
  throw new AppError('FORBIDDEN', 'The resource does not open with our key', { cause });
}

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
