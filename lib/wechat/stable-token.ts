import { callPlatform, requirePositive, requireString, type PlatformDeps, type WechatApp } from './client.ts';
import { errcodeOf, wrongSecretError } from './platform-error.ts';

/** A token just received from WeChat; `lifeMs` is its remaining life. */
export interface FreshToken {
  value: string;
  lifeMs: number;
}

/**
 * Requests an access token by `stable_token` in normal mode, which does not invalidate the current token. Concurrent
 * calls are safe. `lifeMs` may be less than two hours.
 * @throws WECHAT_CONFIG, RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html
 */
export async function fetchStableToken(deps: PlatformDeps, app: WechatApp): Promise<FreshToken> {
  try {
    const answer = await callPlatform(deps, {
      app,
      method: 'POST',
      path: '/cgi-bin/stable_token',
      body: { grant_type: 'client_credential', appid: app.appId, secret: app.appSecret, force_refresh: false },
    });
    return { value: requireString(answer, 'access_token'), lifeMs: requirePositive(answer, 'expires_in') * 1_000 };
  } catch (error) {
    throw errcodeOf(error) === 40001 ? wrongSecretError(app.settings, error) : error;
  }
}
