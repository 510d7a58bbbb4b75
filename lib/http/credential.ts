import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { originsOf } from '../config.ts';
import { AppError } from '../errors.ts';
import { headersOf } from './event.ts';

/** The name of the cookie that holds a session token. */
const SESSION_COOKIE = 'session';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The session token of a request: the bearer token, or the cookie. A browser sends the cookie by itself, from any page:
 * so a request that changes state must come from a page of ours.
 * @throws UNAUTHENTICATED without a token, ORIGIN_NOT_ALLOWED for a cookie from elsewhere
 */
export function credential(event: APIGatewayProxyEventV2, allowedOrigins: string): string {
  const headers = headersOf(event);
  const bearer = /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
  if (bearer) return bearer;
  const cookie = cookieValue(event.cookies ?? headers['cookie']?.split('; ') ?? []);
  if (!cookie) throw new AppError('UNAUTHENTICATED', 'Log in first: no session token in the request');
  if (!SAFE_METHODS.has(event.requestContext.http.method) && !isAllowed(headers['origin'], allowedOrigins)) {
    throw new AppError('ORIGIN_NOT_ALLOWED', 'This page may not do this with a cookie');
  }
  return cookie;
}

function cookieValue(cookies: string[]): string | undefined {
  const prefix = `${SESSION_COOKIE}=`;
  return cookies.find((cookie) => cookie.startsWith(prefix))?.slice(prefix.length);
}

function isAllowed(origin: string | undefined, allowedOrigins: string): boolean {
  return origin !== undefined && originsOf(allowedOrigins).includes(origin);
}
