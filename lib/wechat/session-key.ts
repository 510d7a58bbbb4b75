import { createHmac } from 'node:crypto';
import { callPlatform, type PlatformDeps, type WechatApp } from './client.ts';

/**
 * Signs a request to prove the login state: HMAC-SHA256 over the body, which is empty for a GET. The key is the base64
 * text of the session key, not the decoded bytes.
 * @see https://developers.weixin.qq.com/minigame/dev/tutorial/open-ability/http-signature.html
 */
export function signLoginState(sessionKey: string, body = ''): string {
  return createHmac('sha256', sessionKey).update(body).digest('hex');
}

/**
 * Replaces the session key of a user. The previous key becomes invalid.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_resetusersessionkey.html
 */
export async function resetSessionKey(
  deps: PlatformDeps,
  { app, accessToken, openId, sessionKey }: { app: WechatApp; accessToken: string; openId: string; sessionKey: string },
): Promise<void> {
  const signature = signLoginState(sessionKey);
  const query = { access_token: accessToken, openid: openId, signature, sig_method: 'hmac_sha256' };
  await callPlatform(deps, { app, method: 'GET', path: '/wxa/resetusersessionkey', query });
}
