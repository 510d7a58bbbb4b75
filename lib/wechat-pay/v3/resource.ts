import { createDecipheriv } from 'node:crypto';
import * as v from 'valibot';
import { badSetting } from '../../core/config.ts';

const TAG_BYTES = 16;

/** An encrypted object, as notifications and the list of certificates contain it. */
export const sealedResource = v.object({
  algorithm: v.literal('AEAD_AES_256_GCM'),
  ciphertext: v.string(),
  nonce: v.string(),
  associated_data: v.nullish(v.string(), ''),
});

/**
 * Decrypts a resource with the first key that succeeds. After a rotation, a resource that was encrypted with the
 * previous key can still arrive.
 * @throws NOT_CONFIGURED when every key fails. The resource has a signature of WeChat Pay or comes from its API, so the
 * key is wrong.
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
  throw badSetting('PAY_API_V3_KEY', 'does not open the messages of WeChat Pay', cause);
}

/**
 * Decrypts AEAD_AES_256_GCM in the format of WeChat Pay: base64 of the ciphertext, followed by the tag. Key, nonce and
 * associated data are the bytes of their text.
 * @throws when the tag is wrong or incomplete
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012071382
 */
export function decryptResource(
  apiV3Key: string,
  { ciphertext, nonce, associatedData }: { ciphertext: string; nonce: string; associatedData: string },
): string {
  const sealed = Buffer.from(ciphertext, 'base64');
  const split = sealed.length - TAG_BYTES;
  if (split < 0) throw new RangeError('The ciphertext is shorter than its tag');
  const options = { authTagLength: TAG_BYTES };
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce), options);
  decipher.setAAD(Buffer.from(associatedData));
  decipher.setAuthTag(sealed.subarray(split));
  return Buffer.concat([decipher.update(sealed.subarray(0, split)), decipher.final()]).toString('utf8');
}
