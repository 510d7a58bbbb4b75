import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import * as v from 'valibot';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../../lib/core/errors.ts';
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
const fine = async () => ({ name: 'x' });

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
});

describe('route', () => {
  it('returns the response of the flow even if the console returns a value', async () => {
    vi.mocked(console.info).mockReturnValue({ statusCode: 999 } as never);
    expect(await call(fine)).toMatchObject({ statusCode: 201, json: { name: 'x' } });
  });

  it('answers with the status and drops whatever is not in the schema of the answer', async () => {
    const answer = await call(async () => ({ name: 'x', sessionKey: 'secret' }));
    expect(answer).toMatchObject({ statusCode: 201, json: { name: 'x' } });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
  });

  it('reads a body in base64, whatever its content type', async () => {
    const body = Buffer.from('{"name":"价"}').toString('base64');
    expect(await call(fine, { body, isBase64Encoded: true, headers: {} })).toMatchObject({ statusCode: 201 });
  });

  it.each([
    ['broken JSON', { body: '{' }, 'The body must be valid JSON'],
    ['a field of the wrong type', { body: '{"name":1}' }, expect.stringMatching(/^body\.name: /)],
    ['no body', { body: undefined }, expect.stringMatching(/^body\.name: /)],
    ['an array', { body: '[]' }, expect.stringMatching(/^body/)],
    ['null', { body: 'null' }, expect.stringMatching(/^body/)],
    ['a poisoned prototype', { body: '{"__proto__":{"name":"x"}}' }, expect.stringMatching(/^body\.name: /)],
    ['a missing path parameter', { pathParameters: undefined }, expect.stringMatching(/^path\.id: /)],
  ])('refuses %s with PARAM_ERROR', async (_, change, message) => {
    const answer = await call(fine, change);
    expect(answer).toMatchObject({ statusCode: 400, json: { code: 'PARAM_ERROR', message, requestId: 'req-1' } });
  });

  it('neither sends back nor logs what it received', async () => {
    const answer = await call(fine, {
      body: JSON.stringify({ name: { secret: '13800138000' } }),
      pathParameters: { id: '7' },
    });
    const other = await call(fine, { body: '"13800138000"' });
    for (const { body } of [answer, other]) expect(body).not.toContain('13800138000');
    expect(vi.mocked(console.info).mock.calls.join()).not.toContain('13800138000');
  });

  it('refuses a body of more than 64 KiB', async () => {
    const answer = await call(fine, { body: JSON.stringify({ name: 'x'.repeat(70_000) }) });
    expect(answer).toMatchObject({ statusCode: 413, json: { code: 'BODY_TOO_LARGE' } });
  });

  it('says Retry-After with RATE_LIMITED', async () => {
    const answer = await call(() => Promise.reject(new AppError('RATE_LIMITED', 'slowly', { retryAfterSeconds: 60 })));
    expect(answer).toMatchObject({ statusCode: 429, headers: { 'retry-after': '60' } });
  });

  it('tells nothing of an error that nobody expected, and logs it', async () => {
    const answer = await call(() => Promise.reject(new TypeError('password is hunter2')));
    expect(answer).toMatchObject({ statusCode: 500, json: { code: 'INTERNAL', requestId: 'req-1' } });
    expect(answer.body).not.toContain('hunter2');
    expect(console.error).toHaveBeenCalledOnce();
  });

  it('answers 500 rather than something that its schema does not know', async () => {
    expect(await call(async () => ({}) as { name: string })).toMatchObject({ statusCode: 500 });
  });
});

describe('credential', () => {
  const allowed = 'https://a.example, https://b.example';
  const withCookie = (method: string, headers: Record<string, string> = {}) =>
    event({ method, headers, cookies: ['theme=dark', 'session=tok'] });

  it('is the bearer token, before the cookie', () => {
    expect(credential(event({ headers: { authorization: 'Bearer abc' } }), '')).toBe('abc');
    expect(credential(event({ headers: { Authorization: 'bearer abc' }, cookies: ['session=tok'] }), '')).toBe('abc');
  });

  it('is the cookie, from the list or from the header', () => {
    expect(credential(withCookie('GET'), allowed)).toBe('tok');
    expect(credential(event({ method: 'GET', headers: { cookie: 'a=b; session=tok' } }), allowed)).toBe('tok');
  });

  it('needs an allowed Origin when a cookie would change state', () => {
    expect(credential(withCookie('POST', { origin: 'https://b.example' }), allowed)).toBe('tok');
    for (const origin of ['https://b.example.evil.com', 'null', 'https://b.example:8443', '']) {
      expect(() => credential(withCookie('POST', { origin }), allowed)).toThrow(
        expect.objectContaining({ code: 'ORIGIN_NOT_ALLOWED' }),
      );
    }
    expect(() => credential(withCookie('POST'), '')).toThrow(expect.objectContaining({ code: 'ORIGIN_NOT_ALLOWED' }));
  });

  it('is missed otherwise', () => {
    for (const headers of [{}, { authorization: 'Basic abc' }, { authorization: 'Bearer ' }]) {
      expect(() => credential(event({ headers }), '')).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
    }
  });
});
