import { createDecipheriv, createHash } from 'node:crypto';

/**
 * Decrypts the `req_info` of a refund notification: base64 of AES-256-ECB. The cipher key is the MD5 of the API v2 key,
 * as lower-case hex text. The cipher does not authenticate the content.
 * @throws when the length or the padding is not valid
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935223
 */
export function decryptReqInfo(apiV2Key: string, reqInfo: string): string {
  const decipher = createDecipheriv('aes-256-ecb', createHash('md5').update(apiV2Key).digest('hex'), null);
  return Buffer.concat([decipher.update(reqInfo, 'base64'), decipher.final()]).toString('utf8');
}
