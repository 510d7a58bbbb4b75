// Tests the check that the end-to-end suite applies to every response.
import { describe, expect, it } from 'vitest';
import { buildOpenapi } from '../../lib/http/openapi/document.ts';
import { ENDPOINTS } from '../../lib/http/openapi/endpoints.ts';
import { answerCheck } from '../support/documented.ts';

const check = answerCheck(buildOpenapi(ENDPOINTS));
const user = { id: 'a', username: 'b', initialized: false, nickname: null, avatarUrl: null, phone: null };
const error = (code: string) => ({ code, message: 'm', requestId: 'r' });

/** Returns the fault of a response, or undefined when it is documented. */
function faultOf(route: string, status: number, body: unknown, headers: Record<string, string> = {}) {
  const [method = '', path = ''] = route.split(' ');
  const type = typeof body === 'string' ? 'text/plain' : 'application/json; charset=utf-8';
  const sent = new Headers({ ...(body !== undefined && { 'content-type': type }), ...headers });
  const text = typeof body === 'object' ? JSON.stringify(body) : ((body as string | undefined) ?? '');
  try {
    check({ method, path }, { status, headers: sent, text });
    return undefined;
  } catch (thrown) {
    return String(thrown);
  }
}

describe('answerCheck', () => {
  it.each<[string, number, unknown, Record<string, string>?]>([
    ['GET /me', 200, { user }],
    ['GET /me', 401, error('UNAUTHENTICATED')],
    ['GET /qr-login/abc?x=1', 200, { status: 'pending', pollIntervalMs: 2_000 }],
    ['POST /qr-login', 429, error('RATE_LIMITED'), { 'retry-after': '5' }],
    ['PUT /miniapp/profile', 400, { ...error('PARAM_ERROR'), detail: { field: 'body.nickname' } }],
    ['GET /oauth/authorize', 302, undefined, { location: 'https://open.weixin.qq.com', 'set-cookie': 'a=b' }],
    ['GET /oauth/callback', 302, undefined, { location: 'https://www.example.com/?login_error=SNAPSHOT_USER' }],
    ['GET /oauth/callback', 403, '<!doctype html>', { 'content-type': 'text/html; charset=utf-8' }],
    ['GET /oauth/callback', 403, error('FORBIDDEN')],
    ['GET /MP_verify_x.txt', 200, 'x'],
    ['POST /logout', 204, undefined],
    ['GET /no/such/route', 404, { message: 'Not Found' }],
  ])('accepts the documented response of %s: %d %j', (route, status, body, headers) => {
    expect(faultOf(route, status, body, headers)).toBeUndefined();
  });

  it.each<[string, string, number, unknown, RegExp, Record<string, string>?]>([
    ['an undocumented status', 'GET /me', 404, error('NOT_FOUND'), /GET \/me \(404\).*the status is not documented/],
    [
      'an undocumented code',
      'GET /me',
      401,
      error('SESSION_EXPIRED'),
      /\/code must be equal to one of.*UNAUTHENTICATED/,
    ],
    [
      'an undocumented field',
      'GET /me',
      200,
      { user: { ...user, sessionKey: 'k' } },
      /\/user must NOT have.*sessionKey/,
    ],
    ['an undocumented field of an error', 'GET /me', 401, { ...error('UNAUTHENTICATED'), stack: 's' }, /stack/],
    ['a missing field', 'GET /me', 200, { user: { ...user, phone: undefined } }, /\/user must have.*phone/],
    [
      'an undocumented union member',
      'GET /qr-login/abc',
      200,
      { status: 'pending', pollIntervalMs: 2_000, token: 't' },
      /token/,
    ],
    ['a missing header', 'POST /qr-login', 429, error('RATE_LIMITED'), /Retry-After is missing/],
    ['an invalid header', 'POST /qr-login', 429, error('RATE_LIMITED'), /Retry-After: soon/, { 'retry-after': 'soon' }],
    ['an undocumented content type', 'GET /health', 200, 'ok', /the content type text\/plain/],
    [
      'a page on a route without people',
      'GET /me',
      401,
      '<!doctype html>',
      /text\/html/,
      { 'content-type': 'text/html' },
    ],
    ['an undocumented body', 'POST /logout', 204, { ok: true }, /the content must be empty/],
    ['an undocumented route', 'GET /no/such/route', 200, {}, /the route is not documented/],
    [
      'an error of the service on an unknown route',
      'GET /no/such/route',
      404,
      error('NOT_FOUND'),
      /the route is not documented/,
    ],
    ["a gateway's error on a known route", 'GET /me', 500, { message: 'Internal Server Error' }, /must have required/],
  ])('rejects %s', (_, route, status, body, fault, headers) => {
    expect(faultOf(route, status, body, headers)).toMatch(fault);
  });
});
