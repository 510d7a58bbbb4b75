import { callPlatform, optionalString, type PlatformDeps, type WechatApp } from './client.ts';
import { errcodeOf } from './platform-error.ts';

/** Errcodes for an openid of another account and for a user who does not exist. */
const NOBODY = new Set<number | undefined>([40003, 46004]);

/**
 * Returns the unionid of a follower; undefined for users who do not follow. WeChat returns a unionid only if the
 * account is bound to an Open Platform account. The response contains no name and no picture.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/union-id.html
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
