import { createHmac } from 'node:crypto';
import { callPlatform, type PlatformDeps, type WechatApp } from './client.ts';

/**
 * The signature that proves a login state (platform 1.4): HMAC-SHA256 over the body of the request, none for a GET. The
 * key is the session key as text, not the bytes that it stands for.
 */
export function signLoginState(sessionKey: string, body = ''): string {
  return createHmac('sha256', sessionKey).update(body).digest('hex');
}

/**
 * Makes WeChat replace a person's session key (platform 1.4): the old one opens nothing any more.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; an errcode of the token owner's passes through
 */
export async function resetSessionKey(
  deps: PlatformDeps,
  { app, accessToken, openId, sessionKey }: { app: WechatApp; accessToken: string; openId: string; sessionKey: string },
): Promise<void> {
  const signature = signLoginState(sessionKey);
  const query = { access_token: accessToken, openid: openId, signature, sig_method: 'hmac_sha256' };
  await callPlatform(deps, { app, method: 'GET', path: '/wxa/resetusersessionkey', query });
}
