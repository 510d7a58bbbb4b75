import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { originsOf } from '../core/config.ts';
import { AppError } from '../core/errors.ts';
import { cookiesOf } from './cookies.ts';
import { headersOf } from './event.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Returns the session token of a request: the bearer token, otherwise the cookie. A page of another site can make a
 * browser send the cookie. A request with a cookie that changes state must therefore come from an allowed origin.
 * @param cookieName the name of the session cookie of this deployment
 * @throws UNAUTHENTICATED without a token; ORIGIN_NOT_ALLOWED for a request that changes state with a cookie from
 * another origin
 */
export function credential(
  event: APIGatewayProxyEventV2,
  { allowedOrigins, cookieName }: { allowedOrigins: string; cookieName: string },
): string {
  const headers = headersOf(event);
  const bearer = /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
  if (bearer) return bearer;
  const cookie = cookiesOf(event)[cookieName];
  if (!cookie) throw new AppError('UNAUTHENTICATED', 'The request has no session token; log in first');
  if (!SAFE_METHODS.has(event.requestContext.http.method)) assertOwnPage(headers['origin'], allowedOrigins);
  return cookie;
}

/**
 * Rejects a request unless a page on an allowed origin sent it.
 * @throws ORIGIN_NOT_ALLOWED
 */
export function assertOwnPage(origin: string | undefined, allowedOrigins: string): void {
  if (origin !== undefined && originsOf(allowedOrigins).includes(origin)) return;
  throw new AppError('ORIGIN_NOT_ALLOWED', 'The Origin header must be an origin of ALLOWED_ORIGINS');
}
