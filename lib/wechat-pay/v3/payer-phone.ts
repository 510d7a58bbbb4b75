import { constants, privateDecrypt, type KeyObject } from 'node:crypto';
import { badSetting } from '../../core/config.ts';

/**
 * Opens the phone of a buyer, which WeChat Pay encrypts for the key of the merchant (RSA-OAEP with SHA-1).
 * @param text base64
 * @throws NOT_CONFIGURED when the key does not open the text
 * @see https://pay.weixin.qq.com/doc/v3/partner/4013059053
 */
export function openPayerPhone(key: KeyObject, text: string): string {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  try {
    return privateDecrypt({ key, padding, oaepHash: 'sha1' }, Buffer.from(text, 'base64')).toString('utf8');
  } catch (cause) {
    throw badSetting('PAY_MCH_PRIVATE_KEY', 'does not open the phone of the buyer', cause);
  }
}
