import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { callPlatform, type PlatformDeps, type WechatApp } from './client.ts';
import { errcodeOf } from './platform-error.ts';

const text = v.pipe(v.union([v.string(), v.number()]), v.transform(String));

/**
 * A phone in a response or in open data. WeChat documents `countryCode` as `86`, and also sends a number, `+86`, `1242`
 * or an empty text. `phoneNumber` has the country code outside of mainland China, `purePhoneNumber` never.
 */
export const phoneInfo = v.object({
  phoneNumber: v.nullish(text, ''),
  purePhoneNumber: v.pipe(text, v.regex(/\d/)),
  countryCode: v.nullish(text, ''),
  watermark: v.object({ appid: v.string(), timestamp: v.number() }),
});
export type PhoneInfo = v.InferOutput<typeof phoneInfo>;

const answered = v.object({ phone_info: phoneInfo });
const WRONG_OPENID = 40003;

/** The country codes of ITU-T E.164. No country code is the begin of another one. */
const COUNTRY = /^(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9]\d\d)/;
const NORTH_AMERICA = /^1[2-9]\d{9}$/;
const MAINLAND_CHINA = /^861[3-9]\d{9}$/;

/**
 * Formats the number as E.164: `+8613580006666`.
 * @returns undefined when the country code is unclear, because a wrong code gives the number of another person
 */
export function e164(info: Omit<PhoneInfo, 'watermark'>): string | undefined {
  const code = withoutPunctuation(info.countryCode);
  const pure = withoutPunctuation(info.purePhoneNumber);
  const full = withoutPunctuation(info.phoneNumber) || pure;
  if (/\D/.test(`${code}${pure}${full}`) || !full.endsWith(pure)) return undefined;
  const hasCode = full !== pure || /\+/.test(info.phoneNumber + info.purePhoneNumber);
  const number = (hasCode ? internationalForms(full, pure, code) : nationalForms(pure, code)).find(isValid);
  return number && `+${number}`;
}

function internationalForms(full: string, pure: string, code: string): string[] {
  const prefix = full.slice(0, -pure.length) || full;
  const country = countryOf(prefix);
  // The code of an area list may be longer than the prefix of the number, or shorter.
  const agrees = countryOf(code) === country && (prefix.startsWith(code) || code.startsWith(prefix));
  if (country === undefined || !(code === '' || agrees)) return [];
  if (country === '1') return [full, ...withoutRepeatedArea(pure, code)];
  // A prefix with the area of the code may repeat the area, which only a numbering plan with a fixed length decides.
  return code.length > country.length && prefix.length > country.length ? [] : [full];
}

function nationalForms(pure: string, code: string): string[] {
  if (code === '') return [`86${pure}`].filter((number) => MAINLAND_CHINA.test(number));
  const country = countryOf(code);
  const hasFixedLength = country === '86' || country === '1';
  // Other numbers may contain the code, or its area.
  if (!hasFixedLength) return country === code && !pure.startsWith(code) ? [`${code}${pure}`] : [];
  return [`${code}${pure}`, ...(pure.startsWith(code) ? [pure] : withoutRepeatedArea(pure, code))];
}

function countryOf(digits: string): string | undefined {
  return COUNTRY.exec(digits)?.[0];
}

/** Area lists give North American codes with the area, such as 1242, and the number may repeat that area. */
function withoutRepeatedArea(pure: string, code: string): string[] {
  return code.startsWith('1') && pure.startsWith(code.slice(1)) ? [`1${pure}`] : [];
}

function isValid(number: string): boolean {
  if (number.startsWith('1')) return NORTH_AMERICA.test(number);
  if (number.startsWith('86')) return MAINLAND_CHINA.test(number);
  return /^[2-9]\d{6,14}$/.test(number);
}

function withoutPunctuation(value: string): string {
  return value.replaceAll(/[\s()+.-]/g, '');
}

/**
 * Exchanges the code of the phone button for the phone number. WeChat checks that the code belongs to this openid.
 * @throws WECHAT_CODE_INVALID, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass
 * through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/phone-number/api_getphonenumber.html
 */
export async function fetchPhoneNumber(
  deps: PlatformDeps,
  { app, accessToken, code, openId }: { app: WechatApp; accessToken: string; code: string; openId: string },
): Promise<PhoneInfo> {
  try {
    const answer = await callPlatform(deps, {
      app,
      method: 'POST',
      path: '/wxa/business/getuserphonenumber',
      query: { access_token: accessToken },
      body: { code, openid: openId },
    });
    const parsed = v.safeParse(answered, answer);
    if (parsed.success && parsed.output.phone_info.watermark.appid === app.appId) return parsed.output.phone_info;
  } catch (error) {
    if (errcodeOf(error) !== WRONG_OPENID) throw error;
    throw new AppError('WECHAT_CODE_INVALID', 'The phone code belongs to another user', { cause: error });
  }
  throw new AppError('WECHAT_UNAVAILABLE', 'The response of WeChat has no phone number for this app');
}
