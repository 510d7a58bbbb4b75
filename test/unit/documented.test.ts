// The check that every answer of the end-to-end suite goes through finds what it is there for.
import { describe, expect, it } from 'vitest';
import { buildOpenapi } from '../../lib/http/openapi/document.ts';
import { ENDPOINTS } from '../../lib/http/openapi/endpoints.ts';
import { answerCheck } from '../support/documented.ts';

const check = answerCheck(buildOpenapi(ENDPOINTS));
const user = { id: 'a', username: 'b', initialized: false, nickname: null, avatarUrl: null, phone: null };
const error = (code: string) => ({ code, message: 'm', requestId: 'r' });

/** @returns what is wrong with an answer */
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

describe('an answer of the HTTP API', () => {
  it.each<[string, number, unknown, Record<string, string>?]>([
    ['GET /me', 200, { user }],
    ['GET /me', 401, error('UNAUTHENTICATED')],
    ['GET /qr-login/abc?x=1', 200, { status: 'pending' }],
    ['POST /qr-login', 429, error('RATE_LIMITED'), { 'retry-after': '5' }],
    ['PUT /miniapp/profile', 400, { ...error('PARAM_ERROR'), detail: { field: 'body.nickname' } }],
    ['GET /oauth/authorize', 302, undefined, { location: 'https://open.weixin.qq.com', 'set-cookie': 'a=b' }],
    ['GET /MP_verify_x.txt', 200, 'x'],
    ['POST /logout', 204, undefined],
    ['GET /no/such/route', 404, { message: 'Not Found' }],
  ])('passes when it is described: %s %d %j', (route, status, body, headers) => {
    expect(faultOf(route, status, body, headers)).toBeUndefined();
  });

  it.each<[string, string, number, unknown, RegExp, Record<string, string>?]>([
    ['a status', 'GET /me', 404, error('NOT_FOUND'), /GET \/me answered 404.*no such status/],
    ['a code', 'GET /me', 401, error('SESSION_EXPIRED'), /\/code must be equal to one of.*UNAUTHENTICATED/],
    ['a field', 'GET /me', 200, { user: { ...user, sessionKey: 'k' } }, /\/user must NOT have.*sessionKey/],
    ['a field of an error', 'GET /me', 401, { ...error('UNAUTHENTICATED'), stack: 's' }, /stack/],
    ['a missing field', 'GET /me', 200, { user: { ...user, phone: undefined } }, /\/user must have.*phone/],
    ['a form of a union', 'GET /qr-login/abc', 200, { status: 'pending', token: 't' }, /token/],
    ['a missing header', 'POST /qr-login', 429, error('RATE_LIMITED'), /Retry-After is missing/],
    ['a header', 'POST /qr-login', 429, error('RATE_LIMITED'), /Retry-After: soon/, { 'retry-after': 'soon' }],
    ['a type', 'GET /health', 200, 'ok', /the content is text\/plain/],
    ['a body', 'POST /logout', 204, { ok: true }, /there should be no content/],
    ['a route', 'GET /no/such/route', 200, {}, /there is no such route/],
    ['our error for no route of ours', 'GET /no/such/route', 404, error('NOT_FOUND'), /there is no such route/],
    [
      "a gateway's error on a route of ours",
      'GET /me',
      500,
      { message: 'Internal Server Error' },
      /must have required/,
    ],
  ])('fails for %s that is not described', (_, route, status, body, fault, headers) => {
    expect(faultOf(route, status, body, headers)).toMatch(fault);
  });
});
