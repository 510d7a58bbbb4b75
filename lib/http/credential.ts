import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { originsOf } from '../core/config.ts';
import { AppError } from '../core/errors.ts';
import { cookiesOf, SESSION_COOKIE } from './cookies.ts';
import { headersOf } from './event.ts';

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
  const cookie = cookiesOf(event)[SESSION_COOKIE];
  if (!cookie) throw new AppError('UNAUTHENTICATED', 'Log in first: no session token in the request');
  if (!SAFE_METHODS.has(event.requestContext.http.method)) assertOwnPage(headers['origin'], allowedOrigins);
  return cookie;
}

/** That a page of ours sent this request. @throws ORIGIN_NOT_ALLOWED */
export function assertOwnPage(origin: string | undefined, allowedOrigins: string): void {
  if (origin !== undefined && originsOf(allowedOrigins).includes(origin)) return;
  throw new AppError('ORIGIN_NOT_ALLOWED', 'This page may not do this');
}
