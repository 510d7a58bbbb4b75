import { AppError } from '../core/errors.ts';
import { callPlatform, optionalString, requireString, type PlatformDeps, type WechatApp } from './client.ts';

export type OauthScope = 'snsapi_base' | 'snsapi_userinfo';

/** Somebody's agreement, as WeChat gives it for a code (platform 6.1). The tokens never leave the server. */
export interface OauthGrant {
  openId: string;
  unionId: string | undefined;
  accessToken: string;
  refreshToken: string;
  /** Whether it lets us read the profile. */
  profile: boolean;
}

export interface OauthProfile {
  nickname: string;
  avatarUrl: string;
  unionId: string | undefined;
}

/**
 * WeChat's consent page (platform 6.1, step 1). It checks the order of the parameters, so the address is put together
 * by hand. `state` is letters and digits, at most 128.
 */
export function authorizeUrl(
  openBaseUrl: string,
  { appId, redirectUri, scope, state }: { appId: string; redirectUri: string; scope: OauthScope; state: string },
): string {
  const query = `appid=${appId}&redirect_uri=${encodeURIComponent(redirectUri)}&response_type=code&scope=${scope}`;
  return `${openBaseUrl}/connect/oauth2/authorize?${query}&state=${state}#wechat_redirect`;
}

/**
 * Trades the code of the callback (platform 6.1, step 2). A snapshot user is nobody: their ids are made up.
 * @throws SNAPSHOT_USER, WECHAT_CODE_INVALID, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
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

/** Somebody looks at a preview of the page, in which nobody is logged in. */
export function snapshotUser(): AppError {
  return new AppError('SNAPSHOT_USER', 'This is a preview of the page: tap 使用完整服务 at its bottom, then log in');
}

/**
 * New user tokens for an old refresh token, which lives 30 days (platform 6.1, step 3).
 * @throws WECHAT_CODE_INVALID when the agreement has ended; RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
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

/** Name and picture of somebody who agreed (platform 6.1, step 4). @throws as callPlatform */
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

/** Asks whether a user token still holds (platform 6.1). @throws as callPlatform when it does not */
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
