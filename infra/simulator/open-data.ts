// What a mini-program gets of a person: plain with a signature, and encrypted (platform 1.2, 1.3).
import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import type { PhoneNumber } from './wechat-users.ts';

interface Watermark {
  timestamp: number;
  appid: string;
}

/** What WeChat tells of a phone number. */
export function phoneInfo({ pure, countryCode }: PhoneNumber, watermark: Watermark) {
  const abroad = String(countryCode) !== '86';
  return {
    phoneNumber: abroad ? `+${countryCode}${pure}` : pure,
    purePhoneNumber: pure,
    countryCode,
    watermark,
  };
}

/** The profile as every app gets it since 2021: gender and region are no longer real. */
export function publicProfile({ nickname, avatarUrl }: { nickname: string; avatarUrl: string }) {
  return { nickName: nickname, gender: 0, language: '', city: '', province: '', country: '', avatarUrl };
}

/** sha1 over the text and the session key in base64, as it stands, hex. */
export function rawDataSignature(rawData: string, sessionKey: string): string {
  return createHash('sha1')
    .update(rawData + sessionKey)
    .digest('hex');
}

/** Proves that its sender has the session key (platform 1.4): the HMAC key is the base64 text, not what it decodes to. */
export function sessionSignature(sessionKey: string, message = ''): string {
  return createHmac('sha256', sessionKey).update(message).digest('hex');
}

/** AES-128-CBC under the decoded session key. */
export function encryptOpenData(
  data: string,
  sessionKey: string,
  iv: Buffer = randomBytes(16),
): { encryptedData: string; iv: string } {
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), iv);
  const encrypted = Buffer.concat([cipher.update(data, 'utf8'), cipher.final()]);
  return { encryptedData: encrypted.toString('base64'), iv: iv.toString('base64') };
}
