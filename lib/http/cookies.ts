import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { headersOf } from './event.ts';

/** The name of the cookie that holds a session token. */
export const SESSION_COOKIE = 'session';

/** The cookie of one login through WeChat: one for each, so that two tabs do not disturb each other. */
export function oauthCookie(state: string): string {
  return `oauth_${state.slice(0, 16)}`;
}

/** The cookies of a request; of a repeated one, the first, which is the one with the most specific path. */
export function cookiesOf(event: Pick<APIGatewayProxyEventV2, 'cookies' | 'headers'>): Record<string, string> {
  const sent = event.cookies ?? headersOf(event)['cookie']?.split('; ') ?? [];
  const pairs = sent.map((cookie) => {
    const at = cookie.indexOf('=');
    return [cookie.slice(0, at), cookie.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs.toReversed());
}

/**
 * A `Set-Cookie` value. No script can read the cookie, and no other site's form sends it; it comes back from WeChat,
 * because that is a link. Plain HTTP will do on localhost alone.
 */
export function setCookie(
  { name, value, path, maxAgeS }: { name: string; value: string; path: string; maxAgeS: number },
  publicBaseUrl: string,
): string {
  const secure = new URL(publicBaseUrl).hostname === 'localhost' ? '' : '; Secure';
  return `${name}=${value}; Max-Age=${maxAgeS}; Path=${path}; HttpOnly; SameSite=Lax${secure}`;
}
