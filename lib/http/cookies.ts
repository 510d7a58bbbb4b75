import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { headersOf } from './event.ts';

/** The name of the cookie that holds a session token. */
export const SESSION_COOKIE = 'session';

/**
 * Returns the name of the cookie of one login through WeChat. Each login has its own cookie, so that two tabs do not
 * interfere.
 */
export function oauthCookie(state: string): string {
  return `oauth_${state.slice(0, 16)}`;
}

/**
 * Returns the cookies of a request. The first of several cookies with the same name wins, because its path is the most
 * specific.
 */
export function cookiesOf(event: Pick<APIGatewayProxyEventV2, 'cookies' | 'headers'>): Record<string, string> {
  const sent = event.cookies ?? headersOf(event)['cookie']?.split('; ') ?? [];
  const pairs = sent.map((cookie) => {
    const at = cookie.indexOf('=');
    return [cookie.slice(0, at), cookie.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs.toReversed());
}

/**
 * Returns a `Set-Cookie` value. Scripts cannot read the cookie. Browsers send it from another site only when the user
 * follows a link or a redirect, such as the return from WeChat. Plain HTTP is allowed only on localhost.
 */
export function setCookie(
  { name, value, path, maxAgeS }: { name: string; value: string; path: string; maxAgeS: number },
  publicBaseUrl: string,
): string {
  const secure = new URL(publicBaseUrl).hostname === 'localhost' ? '' : '; Secure';
  return `${name}=${value}; Max-Age=${maxAgeS}; Path=${path}; HttpOnly; SameSite=Lax${secure}`;
}
