import { AppError } from '../core/errors.ts';
import { callPlatform, optionalString, requireString, type PlatformDeps, type WechatApp } from './client.ts';

export type OauthScope = 'snsapi_base' | 'snsapi_userinfo';

/** The consent of a user, with user tokens that never leave the server. */
export interface OauthGrant {
  openId: string;
  unionId: string | undefined;
  accessToken: string;
  refreshToken: string;
  /** Whether the consent includes the profile. */
  profile: boolean;
}

export interface OauthProfile {
  nickname: string;
  avatarUrl: string;
  unionId: string | undefined;
}

/**
 * Builds the address of WeChat's consent page. WeChat checks the order of the parameters, so URLSearchParams is not
 * used.
 * @param options `state` is at most 128 letters and digits
 * @see https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
 */
export function authorizeUrl(
  openBaseUrl: string,
  { appId, redirectUri, scope, state }: { appId: string; redirectUri: string; scope: OauthScope; state: string },
): string {
  const query = `appid=${appId}&redirect_uri=${encodeURIComponent(redirectUri)}&response_type=code&scope=${scope}`;
  return `${openBaseUrl}/connect/oauth2/authorize?${query}&state=${state}#wechat_redirect`;
}

/**
 * Exchanges the code of the callback for user tokens. Snapshot users are rejected, because their ids are virtual.
 * @throws SNAPSHOT_USER, WECHAT_CODE_INVALID, WECHAT_USER_BLOCKED, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE,
 * WECHAT_TIMEOUT
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken.html
 */
export async function exchangeOauthCode(deps: PlatformDeps, app: WechatApp, code: string): Promise<OauthGrant> {
  const answer = await callPlatform(deps, {
    app,
    method: 'GET',
    path: '/sns/oauth2/access_token',
    query: { appid: app.appId, secret: app.appSecret, code, grant_type: 'authorization_code' },
  });
  if (answer['is_snapshotuser'] !== undefined && answer['is_snapshotuser'] !== 0) {
    throw snapshotUser();
  }
  return {
    openId: requireString(answer, 'openid'),
    unionId: optionalString(answer, 'unionid'),
    accessToken: requireString(answer, 'access_token'),
    refreshToken: requireString(answer, 'refresh_token'),
    profile: (optionalString(answer, 'scope') ?? '').split(',').includes('snsapi_userinfo'),
  };
}

/** Returns the error for a preview of the page, which has no real user. */
export function snapshotUser(): AppError {
  return new AppError('SNAPSHOT_USER', 'This is a preview of the page: tap 使用完整服务 at its bottom, then log in');
}

/**
 * Refreshes the user tokens. A refresh token is valid for 30 days.
 * @throws WECHAT_CODE_INVALID when the consent has ended; RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE,
 * WECHAT_TIMEOUT
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsrefreshtoken.html
 */
export async function refreshUserToken(
  deps: PlatformDeps,
  app: WechatApp,
  refreshToken: string,
): Promise<Pick<OauthGrant, 'accessToken' | 'refreshToken'>> {
  const answer = await callPlatform(deps, {
    app,
    method: 'GET',
    path: '/sns/oauth2/refresh_token',
    query: { appid: app.appId, grant_type: 'refresh_token', refresh_token: refreshToken },
  });
  return { accessToken: requireString(answer, 'access_token'), refreshToken: requireString(answer, 'refresh_token') };
}

/**
 * Fetches the name and picture of a user who consented.
 * @throws as callPlatform
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsuserinfo.html
 */
export async function fetchOauthProfile(
  deps: PlatformDeps,
  app: WechatApp,
  { accessToken, openId }: Pick<OauthGrant, 'accessToken' | 'openId'>,
): Promise<OauthProfile> {
  const query = { access_token: accessToken, openid: openId, lang: 'zh_CN' };
  const answer = await callPlatform(deps, { app, method: 'GET', path: '/sns/userinfo', query });
  return {
    nickname: optionalString(answer, 'nickname') ?? '',
    avatarUrl: optionalString(answer, 'headimgurl') ?? '',
    unionId: optionalString(answer, 'unionid'),
  };
}

/**
 * Checks that a user token is valid.
 * @throws as callPlatform, also when the token is invalid
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsauth.html
 */
export async function checkUserToken(
  deps: PlatformDeps,
  app: WechatApp,
  { accessToken, openId }: Pick<OauthGrant, 'accessToken' | 'openId'>,
): Promise<void> {
  await callPlatform(deps, {
    app,
    method: 'GET',
    path: '/sns/auth',
    query: { access_token: accessToken, openid: openId },
  });
}
