import { callPlatform, optionalString, requireString, type PlatformDeps, type WechatApp } from './client.ts';

/** The user of a mini-program login. `sessionKey` (base64, 16 bytes) never leaves the server. */
export interface MiniappLogin {
  openId: string;
  unionId: string | undefined;
  sessionKey: string;
}

/**
 * Exchanges a `wx.login` code for the user's identity. A code is single use. A call that timed out may have used the
 * code.
 * @throws WECHAT_CODE_INVALID, WECHAT_USER_BLOCKED, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_code2session.html
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
