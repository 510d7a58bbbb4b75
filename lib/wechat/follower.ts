import { callPlatform, optionalString, type PlatformDeps, type WechatApp } from './client.ts';

/** What WeChat tells of somebody towards the official account; nothing but `follows` unless they follow. */
export interface Follower {
  follows: boolean;
  unionId: string | undefined;
}

/**
 * Asks about a follower (platform 5). There is no name and no picture in it any more.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; an errcode of the token owner's passes through
 */
export async function fetchFollower(
  deps: PlatformDeps,
  { app, accessToken, openId }: { app: WechatApp; accessToken: string; openId: string },
): Promise<Follower> {
  const answer = await callPlatform(deps, {
    app,
    method: 'GET',
    path: '/cgi-bin/user/info',
    query: { access_token: accessToken, openid: openId, lang: 'zh_CN' },
  });
  return { follows: answer['subscribe'] === 1, unionId: optionalString(answer, 'unionid') };
}
