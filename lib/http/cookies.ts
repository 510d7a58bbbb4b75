import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { headersOf } from './event.ts';

/** The name of the session cookie on https. Browsers accept this prefix only from the host itself, over https. */
export const SECURE_SESSION_COOKIE = '__Host-session';
/** The name of the session cookie on plain http. */
export const PLAIN_SESSION_COOKIE = 'session';

/** Returns the name of the cookie that holds a session token of this deployment. */
export function sessionCookieName(publicBaseUrl: string): string {
  return isHttps(publicBaseUrl) ? SECURE_SESSION_COOKIE : PLAIN_SESSION_COOKIE;
}

/** Returns the `Set-Cookie` value that logs a browser in. The cookie expires with the session. */
export function sessionCookie(
  { token, expiresIn }: { token: string; expiresIn: number },
  publicBaseUrl: string,
): string {
  const name = sessionCookieName(publicBaseUrl);
  return setCookie({ name, value: token, path: '/', maxAgeS: expiresIn }, publicBaseUrl);
}

/** Returns the `Set-Cookie` value that removes the session cookie from a browser. */
export function expiredSessionCookie(publicBaseUrl: string): string {
  return sessionCookie({ token: '', expiresIn: 0 }, publicBaseUrl);
}

/**
 * Returns the name of the cookie of one login through WeChat. Each login has its own cookie, so that two tabs do not
 * interfere. The name contains the beginning of `state`, so that the cookie is found after a browser appended text to
 * `state`.
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
 * follows a link or a redirect, such as the return from WeChat. On https it is never sent over plain http.
 */
export function setCookie(
  { name, value, path, maxAgeS }: { name: string; value: string; path: string; maxAgeS: number },
  publicBaseUrl: string,
): string {
  const secure = isHttps(publicBaseUrl) ? '; Secure' : '';
  return `${name}=${value}; Max-Age=${maxAgeS}; Path=${path}; HttpOnly; SameSite=Lax${secure}`;
}

function isHttps(publicBaseUrl: string): boolean {
  return new URL(publicBaseUrl).protocol === 'https:';
}
