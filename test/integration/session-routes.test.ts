import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { routesByFunction } from '../../infra/docs/functions.ts';
import type { Endpoint } from '../../lib/http/endpoint.ts';
import { ENDPOINTS } from '../../lib/http/openapi/endpoints.ts';
import type { HttpResponse } from '../../lib/http/response.ts';
import { logout } from '../../lib/identity/logout.ts';
import { createSessions } from '../support/sessions.ts';
import { createWorld, type World } from '../support/world.ts';

const ENDED = { code: 'UNAUTHENTICATED' };

let world: World;
let sessions: ReturnType<typeof createSessions>;
beforeAll(async () => {
  world = await createWorld();
  sessions = createSessions(world);
});
afterAll(() => world.simulator.close());

const logoutEverywhere = (token: string) => logout(world.sessions, token, { everywhere: true });

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpResponse>;

interface Call {
  method?: string;
  path?: Record<string, string>;
  query?: string;
  headers?: Record<string, string>;
  cookies?: string[];
  body?: object;
}

/** Calls a deployed function with an event of the HTTP API. */
async function call(name: string, { method = 'POST', path = {}, query = '', headers = {}, cookies, body }: Call) {
  const { handler } = (await import(`../../functions/${name}.ts`)) as { handler: Handler };
  const event = {
    rawQueryString: query,
    headers,
    ...(cookies && { cookies }),
    pathParameters: path,
    body: JSON.stringify(body ?? {}),
    isBase64Encoded: false,
    requestContext: { http: { method, sourceIp: '203.0.113.1' } },
  };
  const answer = await handler(event as unknown as APIGatewayProxyEventV2, { awsRequestId: 'r' } as Context);
  return { ...answer, json: answer.body ? (JSON.parse(answer.body) as Record<string, unknown>) : undefined };
}

describe('functions', () => {
  const ORIGIN = 'https://www.example.com';
  const SET = /^__Host-session=(ey[\w.-]+); Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax; Secure$/;
  const CLEARED = '__Host-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure';
  beforeAll(() => {
    for (const level of ['info', 'warn', 'error'] as const) {
      vi.spyOn(console, level).mockImplementation(() => undefined);
    }
  });
  afterAll(() => vi.restoreAllMocks());

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const cookieIn = ({ cookies = [] }: HttpResponse) => `__Host-session=${SET.exec(cookies[0] ?? '')?.[1]}`;
  /** Creates a code of the mini-program that its user has confirmed. */
  const confirmedCode = async () => {
    const { token, user } = await sessions.login(await world.phone.newPerson());
    const { json } = await call('qr-login-create', { body: { via: 'mini-program' } });
    const { ticket, pollToken } = json as { ticket: string; pollToken: string };
    const headers = bearer(token);
    for (const decision of ['scan', 'confirm']) {
      const decided = await call('qr-login-decide', { path: { ticket }, headers, body: { decision } });
      expect(decided.statusCode).toBe(200);
    }
    const poll = (query = '', poller = pollToken) =>
      call('qr-login-poll', { method: 'GET', path: { ticket }, query, headers: { 'x-poll-token': poller } });
    return { poll, user };
  };

  const sessionRoutes = Object.values<Record<string, Endpoint>>(ENDPOINTS)
    .flatMap((tagged) => Object.values(tagged))
    .filter(({ auth }) => auth === 'session')
    .map(({ method, path }) => `${method} ${path}`);

  it.each(sessionRoutes)('reject a session on %s after a logout everywhere on another device', async (route) => {
    const [name] = Object.entries(routesByFunction()).find(([, routes]) => routes.includes(route))!;
    const person = await world.phone.newPerson();
    const [one, other] = [await sessions.login(person), await sessions.login(person)];
    const request = {
      method: route.split(' ')[0]!,
      path: { ticket: 'x', outTradeNo: 'x' },
      headers: bearer(one.token),
      body: { code: 'x', nickname: 'x', decision: 'confirm', sku: 'coffee', tradeType: 'JSAPI' },
    };
    await logoutEverywhere(other.token);
    expect(await call(name, request)).toMatchObject({ statusCode: 401, json: ENDED });
  });

  it('log a browser in by the poll with `cookie=1`, and never return the token to the page', async () => {
    const { poll, user } = await confirmedCode();
    const answer = await poll('cookie=1');
    expect(answer).toMatchObject({ statusCode: 200, cookies: [expect.stringMatching(SET)] });
    expect(answer.json).toEqual({ status: 'registered', tokenType: 'Bearer', expiresIn: 604_800, user });
    const cookies = [cookieIn(answer)];
    expect(await call('me', { method: 'GET', cookies })).toMatchObject({ statusCode: 200, json: { user } });
    expect(await call('logout', { cookies })).toMatchObject({ statusCode: 403 });
    const loggedOut = await call('logout', { cookies, headers: { origin: ORIGIN } });
    expect(loggedOut).toMatchObject({ statusCode: 204, cookies: [CLEARED] });
    expect(await call('me', { method: 'GET', cookies })).toMatchObject({ statusCode: 401 });
    expect(await poll('cookie=1')).toMatchObject({ statusCode: 410 });
  });

  it('return the token of a poll without `cookie=1`, and set no cookie', async () => {
    const { poll } = await confirmedCode();
    const answer = await poll();
    expect(answer).toMatchObject({ statusCode: 200, json: { status: 'registered', token: expect.any(String) } });
    expect(answer).not.toHaveProperty('cookies');
  });

  it('reject another value of `cookie`, and a wrong poll token, without using up the code', async () => {
    const { poll } = await confirmedCode();
    for (const value of ['0', 'true', '']) {
      expect(await poll(`cookie=${value}`)).toMatchObject({
        statusCode: 400,
        json: { code: 'PARAM_ERROR', detail: { field: 'query.cookie' } },
      });
    }
    const forged = await poll('cookie=1', 'wrong');
    expect(forged).toMatchObject({ statusCode: 410 });
    expect(forged).not.toHaveProperty('cookies');
    expect(await poll('cookie=1')).toMatchObject({ statusCode: 200, cookies: [expect.stringMatching(SET)] });
  });

  it('register a user with a session cookie only for a page of an allowed origin', async () => {
    const body = { registrationToken: await sessions.registrationOf('o-cookie') };
    const send = (query: string, headers = {}) => call('register', { body, query, headers });
    for (const headers of [{}, { origin: 'https://evil.example' }, { origin: 'null' }]) {
      const rejected = await send('cookie=1', headers);
      expect(rejected).toMatchObject({ statusCode: 403, json: { code: 'ORIGIN_NOT_ALLOWED' } });
      expect(rejected).not.toHaveProperty('cookies');
    }
    expect(await send('cookie=yes', { origin: ORIGIN })).toMatchObject({ statusCode: 400 });
    const answer = await send('cookie=1', { origin: ORIGIN });
    expect(answer).toMatchObject({ statusCode: 201, cookies: [expect.stringMatching(SET)] });
    expect(answer.json).not.toHaveProperty('token');
    expect(await call('me', { method: 'GET', cookies: [cookieIn(answer)] })).toMatchObject({ statusCode: 200 });
    const withToken = await send('');
    expect(withToken).toMatchObject({ statusCode: 201, json: { token: expect.any(String) } });
    expect(withToken).not.toHaveProperty('cookies');
  });

  it('accept no cookie with the name of a deployment on plain http', async () => {
    const { token } = await sessions.login(await world.phone.newPerson());
    expect(await call('me', { method: 'GET', cookies: [`session=${token}`] })).toMatchObject({ statusCode: 401 });
    expect(await call('me', { method: 'GET', cookies: [`__Host-session=${token}`] })).toMatchObject({
      statusCode: 200,
    });
  });

  it('reject a body of a logout whose `everywhere` is no boolean', async () => {
    const { token } = await sessions.login(await world.phone.newPerson());
    const answer = await call('logout', { headers: bearer(token), body: { everywhere: 'yes' } });
    expect(answer).toMatchObject({ statusCode: 400, json: { detail: { field: 'body.everywhere' } } });
    expect(await sessions.isLoggedIn(token)).toBe(true);
  });
});
