import { createDecipheriv, createHash } from 'node:crypto';

/**
 * The plaintext of a refund notification's `req_info` (pay 5.8): AES-256-ECB in base64, its key the lower-case hex of the
 * APIv2 key's MD5, taken as text. Throws when the padding does not fit; nothing else is checked by this cipher.
 */
export function decryptReqInfo(apiV2Key: string, reqInfo: string): string {
  const decipher = createDecipheriv('aes-256-ecb', createHash('md5').update(apiV2Key).digest('hex'), null);
  return Buffer.concat([decipher.update(reqInfo, 'base64'), decipher.final()]).toString('utf8');
}
