import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { callPlatform, type PlatformDeps, type WechatApp } from './client.ts';
import { errcodeOf } from './platform-error.ts';

/**
 * A phone in a response or in open data. WeChat sends `countryCode` as text or as a number; the parsed value is text.
 */
export const phoneInfo = v.object({
  purePhoneNumber: v.pipe(v.string(), v.regex(/^\d{4,14}$/)),
  countryCode: v.pipe(v.union([v.string(), v.number()]), v.transform(String), v.regex(/^\d{1,3}$/)),
  watermark: v.object({ appid: v.string(), timestamp: v.number() }),
});
export type PhoneInfo = v.InferOutput<typeof phoneInfo>;

const answered = v.object({ phone_info: phoneInfo });
const WRONG_OPENID = 40003;

/** Formats the number as E.164: `+8613580006666`. */
export function e164({ countryCode, purePhoneNumber }: PhoneInfo): string {
  return `+${countryCode}${purePhoneNumber}`;
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
