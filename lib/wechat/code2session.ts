import { callPlatform, optionalString, requireString, type PlatformDeps, type WechatApp } from './client.ts';

/** Who logged in to the mini-program; `sessionKey` (base64, 16 bytes) never leaves the server. */
export interface MiniappLogin {
  openId: string;
  unionId: string | undefined;
  sessionKey: string;
}

/**
 * Exchanges a `wx.login` code (platform 1.1). A code is single use: after a time-out it may be spent.
 * @throws WECHAT_CODE_INVALID, WECHAT_USER_BLOCKED, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function code2session(deps: PlatformDeps, app: WechatApp, jsCode: string): Promise<MiniappLogin> {
  const answer = await callPlatform(deps, {
    app,
    method: 'GET',
    path: '/sns/jscode2session',
    query: { appid: app.appId, secret: app.appSecret, js_code: jsCode, grant_type: 'authorization_code' },
  });
  return {
    openId: requireString(answer, 'openid'),
    unionId: optionalString(answer, 'unionid'),
    sessionKey: requireString(answer, 'session_key'),
  };
}
