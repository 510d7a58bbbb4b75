import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import * as v from 'valibot';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../../lib/core/errors.ts';
import { BrowserFailure } from '../../../../lib/http/browser-failure.ts';
import { browserRoute } from '../../../../lib/http/browser-route.ts';
import { credential } from '../../../../lib/http/credential.ts';
import { endpoint } from '../../../../lib/http/endpoint.ts';
import { route } from '../../../../lib/http/route.ts';

const description = endpoint({
  method: 'POST',
  path: '/things/{id}',
  summary: 'A thing',
  auth: 'none',
  request: { body: v.object({ name: v.string() }), path: v.object({ id: v.string() }) },
  status: 201,
  answer: v.object({ name: v.string() }),
  errors: [],
});

const event = (change: Partial<APIGatewayProxyEventV2> & { method?: string } = {}) =>
  ({
    headers: { 'content-type': 'application/json' },
    pathParameters: { id: '7' },
    body: '{"name":"x"}',
    isBase64Encoded: false,
    requestContext: { http: { method: change.method ?? 'POST' } },
    ...change,
  }) as APIGatewayProxyEventV2;
const call = async (run: () => Promise<{ name: string }>, change = {}) => {
  const response = await route(description, run)(event(change), { awsRequestId: 'req-1' } as Context);
  return { ...response, json: response.body ? JSON.parse(response.body) : undefined };
};
const respond = (handler: ReturnType<typeof route>) => handler(event(), { awsRequestId: 'req-1' } as Context);
const succeed = async () => ({ name: 'x' });

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
});

describe('route', () => {
  it('returns the response of the flow even if the console returns a value', async () => {
    vi.mocked(console.info).mockReturnValue({ statusCode: 999 } as never);
    expect(await call(succeed)).toMatchObject({ statusCode: 201, json: { name: 'x' } });
  });

  it('returns the status and drops fields that the response schema does not contain', async () => {
    const answer = await call(async () => ({ name: 'x', sessionKey: 'secret' }));
    expect(answer).toMatchObject({ statusCode: 201, json: { name: 'x' } });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
  });

  it('reads a base64 body without a content type', async () => {
    const body = Buffer.from('{"name":"价"}').toString('base64');
    expect(await call(succeed, { body, isBase64Encoded: true, headers: {} })).toMatchObject({ statusCode: 201 });
  });

  it.each([
    ['broken JSON', { body: '{' }, 'The body must be valid JSON'],
    ['a field of the wrong type', { body: '{"name":1}' }, expect.stringMatching(/^body\.name: /)],
    ['a missing body', { body: undefined }, expect.stringMatching(/^body\.name: /)],
    ['an array', { body: '[]' }, expect.stringMatching(/^body/)],
    ['null', { body: 'null' }, expect.stringMatching(/^body/)],
    ['a poisoned prototype', { body: '{"__proto__":{"name":"x"}}' }, expect.stringMatching(/^body\.name: /)],
    ['a missing path parameter', { pathParameters: undefined }, expect.stringMatching(/^path\.id: /)],
  ])('rejects %s with PARAM_ERROR', async (_, change, message) => {
    const answer = await call(succeed, change);
    expect(answer).toMatchObject({ statusCode: 400, json: { code: 'PARAM_ERROR', message, requestId: 'req-1' } });
  });

  it('rejects a repeated query parameter', async () => {
    const query = v.object({ page: v.string() });
    const list = endpoint({
      method: 'GET',
      path: '/',
      summary: '',
      auth: 'none',
      request: { query },
      status: 200,
      errors: [],
    });
    const statusOf = async (rawQueryString: string) =>
      (await route(list, async () => undefined)(event({ rawQueryString }), { awsRequestId: 'req-1' } as Context))
        .statusCode;
    expect([await statusOf('page=1&other=2&other=3'), await statusOf('page=1&page=2')]).toEqual([200, 400]);
  });

  it('neither returns nor logs the values of a rejected request', async () => {
    const answer = await call(succeed, {
      body: JSON.stringify({ name: { secret: '13800138000' } }),
      pathParameters: { id: '7' },
    });
    const other = await call(succeed, { body: '"13800138000"' });
    for (const { body } of [answer, other]) expect(body).not.toContain('13800138000');
    expect(vi.mocked(console.info).mock.calls.join()).not.toContain('13800138000');
  });

  it('rejects a body of more than 64 KiB', async () => {
    const answer = await call(succeed, { body: JSON.stringify({ name: 'x'.repeat(70_000) }) });
    expect(answer).toMatchObject({ statusCode: 413, json: { code: 'BODY_TOO_LARGE' } });
  });

  it('sets Retry-After with RATE_LIMITED', async () => {
    const answer = await call(() => Promise.reject(new AppError('RATE_LIMITED', 'slowly', { retryAfterSeconds: 60 })));
    expect(answer).toMatchObject({ statusCode: 429, headers: { 'retry-after': '60' } });
  });

  it('hides the message of an unexpected error from the client and logs the error', async () => {
    const answer = await call(() => Promise.reject(new TypeError('password is hunter2')));
    expect(answer).toMatchObject({ statusCode: 500, json: { code: 'INTERNAL', requestId: 'req-1' } });
    expect(answer.body).not.toContain('hunter2');
    expect(console.error).toHaveBeenCalledOnce();
  });

  it('forbids browsers to guess the content type, in answers, errors and redirects', async () => {
    const nosniff = { headers: { 'x-content-type-options': 'nosniff' } };
    expect(await call(succeed)).toMatchObject({ statusCode: 201, ...nosniff });
    expect(await call(succeed, { body: '{' })).toMatchObject({ statusCode: 400, ...nosniff });
    const empty = endpoint({ method: 'POST', path: '/', summary: '', auth: 'none', status: 204, errors: [] });
    expect(await respond(route(empty, async () => undefined))).toMatchObject({ statusCode: 204, ...nosniff });
    const text = endpoint({ ...empty, status: 200, answer: v.string() });
    expect(await respond(route(text, async () => '<b>'))).toMatchObject({ statusCode: 200, ...nosniff });
    const redirect = endpoint({ ...empty, status: 302 });
    const target = { location: 'https://a.example/', cookies: [] };
    expect(await respond(route(redirect, async () => target))).toMatchObject({ statusCode: 302, ...nosniff });
  });

  it('sets the cookies that a flow returns beside its answer', async () => {
    const withCookies = endpoint({ ...description, setsCookies: true });
    const body = { name: 'x', secret: 's' };
    const answer = await respond(route(withCookies, async () => ({ body, cookies: ['a=1', 'b=2'] })));
    expect(answer).toMatchObject({ statusCode: 201, cookies: ['a=1', 'b=2'], body: '{"name":"x"}' });
    expect(await respond(route(withCookies, async () => ({ body, cookies: [] })))).not.toHaveProperty('cookies');
  });

  it('returns 500 when the flow returns a value that its schema rejects', async () => {
    expect(await call(async () => ({}) as { name: string })).toMatchObject({ statusCode: 500 });
  });
});

describe('route of a browser', () => {
  const forBrowser = endpoint({
    method: 'GET',
    path: '/login',
    summary: '',
    auth: 'none',
    client: 'browser',
    status: 302,
    errors: [],
  });
  const failWith = (error: unknown, headers: Record<string, string> = {}) => {
    const fail = async () => {
      throw error;
    };
    return browserRoute(forBrowser, fail)(event({ headers }), { awsRequestId: 'req-1' } as Context);
  };
  const hunter = new TypeError('password is hunter2');
  const page = (isReturn: boolean) => ({ redirect: 'https://a.example/?b=1', isReturn });

  it('returns a browser to its page after an unexpected error, and logs the error', async () => {
    const answer = await failWith(new BrowserFailure(hunter, page(true)));
    expect(answer).toMatchObject({
      statusCode: 302,
      headers: { location: 'https://a.example/?b=1&login_error=INTERNAL' },
    });
    expect(answer).not.toHaveProperty('cookies');
    expect(vi.mocked(console.error).mock.calls).toEqual([[expect.stringContaining('"error":"INTERNAL"')]]);
    expect(String(vi.mocked(console.error).mock.calls[0])).toContain('password is hunter2');
  });

  it.each([
    ['an error of a browser that did not return from its login', new BrowserFailure(hunter, page(false))],
    ['an error without a page', hunter],
  ])('shows a page for %s, and logs it', async (_, error) => {
    const answer = await failWith(error);
    expect(answer).toMatchObject({ statusCode: 500, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(answer.body).not.toContain('hunter2');
    expect(String(vi.mocked(console.error).mock.calls[0])).toContain('password is hunter2');
  });

  it('returns the reason as JSON to a client that asks for JSON', async () => {
    const failure = new BrowserFailure(new AppError('RATE_LIMITED', 'slowly', { retryAfterSeconds: 7 }), page(true));
    const answer = await failWith(failure, { Accept: 'application/json' });
    expect(answer).toMatchObject({ statusCode: 429, headers: { 'retry-after': '7' } });
    expect(JSON.parse(answer.body!)).toEqual({ code: 'RATE_LIMITED', message: 'slowly', requestId: 'req-1' });
  });

  it.each([
    ['the first allowed origin', 'https://b.example, https://c.example', 'https://api.example', 'https://b.example'],
    ['the API without allowed origins', '', 'https://api.example', 'https://api.example'],
    ['an address of http or https only', 'javascript:alert(1),*', 'https://api.example', 'https://api.example'],
  ])('links to %s when no cookie names a page', async (_, origins, api, link) => {
    vi.stubEnv('ALLOWED_ORIGINS', origins);
    vi.stubEnv('PUBLIC_BASE_URL', api);
    expect((await failWith(hunter)).body).toContain(`<a href="${link}">`);
    vi.unstubAllEnvs();
  });

  it('returns JSON on every other route, whatever the client accepts', async () => {
    const answer = await call(() => Promise.reject(new AppError('FORBIDDEN', 'no')), {
      headers: { accept: 'text/html' },
    });
    expect(answer).toMatchObject({ statusCode: 403, json: { code: 'FORBIDDEN' } });
  });
});

describe('credential', () => {
  const allowed = 'https://a.example, https://b.example';
  const here = (allowedOrigins = '') => ({ allowedOrigins, cookieName: 'session' });
  const withCookie = (method: string, headers: Record<string, string> = {}) =>
    event({ method, headers, cookies: ['theme=dark', 'session=tok'] });

  it('returns the bearer token in preference to the cookie', () => {
    expect(credential(event({ headers: { authorization: 'Bearer abc' } }), here())).toBe('abc');
    const both = event({ headers: { Authorization: 'bearer abc' }, cookies: ['session=tok'] });
    expect(credential(both, here())).toBe('abc');
  });

  it('returns the cookie from the event field or from the header', () => {
    expect(credential(withCookie('GET'), here(allowed))).toBe('tok');
    expect(credential(event({ method: 'GET', headers: { cookie: 'a=b; session=tok' } }), here(allowed))).toBe('tok');
  });

  it('reads only the cookie with the name of this deployment', () => {
    const both = event({ method: 'GET', headers: {}, cookies: ['session=plain', '__Host-session=secure'] });
    expect(credential(both, { allowedOrigins: '', cookieName: '__Host-session' })).toBe('secure');
    expect(credential(both, here())).toBe('plain');
    expect(() => credential(withCookie('GET'), { allowedOrigins: '', cookieName: '__Host-session' })).toThrow(
      expect.objectContaining({ code: 'UNAUTHENTICATED' }),
    );
  });

  it('requires an allowed Origin for a cookie on a method that changes state', () => {
    expect(credential(withCookie('POST', { origin: 'https://b.example' }), here(allowed))).toBe('tok');
    for (const origin of ['https://b.example.evil.com', 'null', 'https://b.example:8443', '']) {
      expect(() => credential(withCookie('POST', { origin }), here(allowed))).toThrow(
        expect.objectContaining({ code: 'ORIGIN_NOT_ALLOWED' }),
      );
    }
    expect(() => credential(withCookie('POST'), here())).toThrow(
      expect.objectContaining({ code: 'ORIGIN_NOT_ALLOWED' }),
    );
  });

  it('throws UNAUTHENTICATED without a bearer token and a cookie', () => {
    for (const headers of [{}, { authorization: 'Basic abc' }, { authorization: 'Bearer ' }]) {
      expect(() => credential(event({ headers }), here())).toThrow(
        expect.objectContaining({ code: 'UNAUTHENTICATED' }),
      );
    }
  });
});
