// The user data that a mini-program receives: plain with a signature, and encrypted.
import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import type { PhoneNumber } from './wechat-users.ts';

interface Watermark {
  timestamp: number;
  appid: string;
}

/**
 * Renders a phone number as WeChat returns it.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/phone-number/api_getphonenumber.html
 */
export function phoneInfo({ full, pure, countryCode }: PhoneNumber, watermark: Watermark) {
  return { phoneNumber: full, purePhoneNumber: pure, countryCode, watermark };
}

/**
 * The name and picture of every user in open data: `wx.getUserInfo` since April 2021, `wx.getUserProfile` since October
 * 2022. binarywang/WxJava #2733 quotes the announcements; idealclover/UniTypecho #3, gwokhov/chronus #4.
 */
export const placeholderProfile = {
  nickname: '微信用户',
  avatarUrl:
    'https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132',
};

/** The profile in open data. Gender and region are placeholders since 2021. */
export function publicProfile({ nickname, avatarUrl }: { nickname: string; avatarUrl: string }) {
  return { nickName: nickname, gender: 0, language: '', city: '', province: '', country: '', avatarUrl };
}

/**
 * SHA-1, in hex, over the text followed by the base64 text of the session key.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html
 */
export function rawDataSignature(rawData: string, sessionKey: string): string {
  return createHash('sha1')
    .update(rawData + sessionKey)
    .digest('hex');
}

/**
 * Proves possession of the session key. The HMAC key is the base64 text, not the decoded bytes.
 * @see https://developers.weixin.qq.com/minigame/dev/tutorial/open-ability/http-signature.html
 */
export function sessionSignature(sessionKey: string, message = ''): string {
  return createHmac('sha256', sessionKey).update(message).digest('hex');
}

/** Encrypts open data with AES-128-CBC under the decoded session key. */
export function encryptOpenData(
  data: string,
  sessionKey: string,
  iv: Buffer = randomBytes(16),
): { encryptedData: string; iv: string } {
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), iv);
  const encrypted = Buffer.concat([cipher.update(data, 'utf8'), cipher.final()]);
  return { encryptedData: encrypted.toString('base64'), iv: iv.toString('base64') };
}
