import { callPlatform, requirePositive, requireString, type PlatformDeps, type WechatApp } from './client.ts';
import type { FreshToken } from './stable-token.ts';

/** WeChat says 7200 s whenever it is asked, also for a ticket that is old already: no more than this is believed. */
const BELIEVED_LIFE_S = 3_600;

/**
 * The ticket that JS-SDK signatures are made with (platform 7.1). Calls are few: it is shared by all instances.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; an errcode of the token owner's passes through
 */
export async function fetchJsapiTicket(deps: PlatformDeps, app: WechatApp, accessToken: string): Promise<FreshToken> {
  const answer = await callPlatform(deps, {
    app,
    method: 'GET',
    path: '/cgi-bin/ticket/getticket',
    query: { access_token: accessToken, type: 'jsapi' },
  });
  const lifeS = Math.min(requirePositive(answer, 'expires_in'), BELIEVED_LIFE_S);
  return { value: requireString(answer, 'ticket'), lifeMs: lifeS * 1_000 };
}
