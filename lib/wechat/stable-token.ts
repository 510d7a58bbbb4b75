import { callPlatform, requirePositive, requireString, type PlatformDeps, type WechatApp } from './client.ts';
import { errcodeOf, wrongSecretError } from './platform-error.ts';

/** A token as WeChat just gave it; `lifeMs` is how long it may be used from now on. */
export interface FreshToken {
  value: string;
  lifeMs: number;
}

/**
 * An access token by `stable_token` in normal mode (platform 2.2): safe to call from anywhere, it kills nobody else's
 * token. `lifeMs` is what is left of it, not always two hours.
 * @throws WECHAT_CONFIG, RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
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
