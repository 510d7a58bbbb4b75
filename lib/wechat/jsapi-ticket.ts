import { callPlatform, requirePositive, requireString, type PlatformDeps, type WechatApp } from './client.ts';
import type { FreshToken } from './stable-token.ts';

/** Upper limit of the life: WeChat returns 7200 s even for a ticket that expires sooner. */
const BELIEVED_LIFE_S = 3_600;

/**
 * Requests the ticket that signs JS-SDK configurations. The quota is small, so all instances share one ticket.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/jssdk/api_getticket.html
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
