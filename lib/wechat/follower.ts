import { callPlatform, optionalString, type PlatformDeps, type WechatApp } from './client.ts';
import { errcodeOf } from './platform-error.ts';

/** An openid that is none of this account's, and one that is nobody's. */
const NOBODY = new Set<number | undefined>([40003, 46004]);

/**
 * The unionid of a follower (platform 5): of nobody else, and only where the account belongs to an Open Platform account.
 * There is no name and no picture in the answer any more.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; an errcode of the token owner's passes through
 */
export async function fetchFollowerUnionId(
  deps: PlatformDeps,
  { app, accessToken, openId }: { app: WechatApp; accessToken: string; openId: string },
): Promise<string | undefined> {
  try {
    const answer = await callPlatform(deps, {
      app,
      method: 'GET',
      path: '/cgi-bin/user/info',
      query: { access_token: accessToken, openid: openId, lang: 'zh_CN' },
    });
    return optionalString(answer, 'unionid');
  } catch (error) {
    if (NOBODY.has(errcodeOf(error))) return undefined;
    throw error;
  }
}
