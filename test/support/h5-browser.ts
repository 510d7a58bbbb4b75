// A browser that logs in on an H5 page: calls the functions of the login with its events, and checks their answers.
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import type { HttpResponse } from '../../lib/http/response.ts';
import { createWorld, type Person, type World } from './world.ts';

/** The page that asks for the login. */
export const PAGE = 'https://www.example.com/welcome?from=menu&q=%e4%bd%a0+%2F#/top?x=1';
/** The first origin of ALLOWED_ORIGINS. */
export const SITE = 'https://www.example.com';
/** The call to WeChat that exchanges the code. */
export const EXCHANGE = '/sns/oauth2/access_token';
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/wxpic,*/*;q=0.8';

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpResponse>;

export interface Call {
  query: string;
  cookies?: string[];
  accept?: string | undefined;
  address?: string;
  method?: string;
}

/** Registers the hooks of a test file. */
export function h5Browser() {
  let world: World;
  let functions: Functions;
  const lines: { level: 'info' | 'error'; line: Record<string, unknown> }[] = [];
  beforeAll(async () => {
    world = await createWorld();
    functions = await loadFunctions();
  });
  afterAll(() => world.simulator.close());
  beforeEach(() => {
    lines.length = 0;
    for (const level of ['info', 'error'] as const) {
      vi.spyOn(console, level).mockImplementation((line) => void lines.push({ level, line: JSON.parse(String(line)) }));
    }
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  });
  afterEach(() => vi.restoreAllMocks());

  const authorize = (query: Record<string, string>, rest: Partial<Call> = {}) =>
    call(functions.authorize, { query: new URLSearchParams(query).toString(), ...rest });

  /** Goes to the consent page. @returns the address of the page, and the cookie that the browser keeps */
  const depart = async ({ redirect = PAGE, scope = 'snsapi_base', ...rest }: Record<string, string> = {}) => {
    const { statusCode, headers, cookies } = await authorize({ redirect, scope }, rest);
    expect(statusCode).toBe(302);
    return { url: headers!['location']!, cookies: [cookies![0]!.split('; ')[0]!] };
  };

  /** The user agrees. @returns the call with which the browser returns */
  const agree = async (person: Person, { url, cookies }: { url: string; cookies: string[] }, how: object = {}) => {
    const { location } = (await world.phone.act(person, 'open', { url, ...how })) as { location: string };
    return { query: new URL(location).search.slice(1), cookies };
  };

  return {
    get world() {
      return world;
    },
    /** The log of the functions in this test. */
    lines,
    /** The log of failures, without the line that every answer has. */
    failures: () => lines.filter(({ line }) => line['evt'] !== 'request.completed'),
    authorize,
    callback: (back: Call) => call(functions.callback, back),
    depart,
    agree,
    /** Departs and returns, with the options of the simulator's `open`. */
    visit: async (how: object = {}, departure: Record<string, string> = {}) =>
      agree(await world.phone.newPerson(), await depart(departure), how),
    /** Uses functions that read the settings again. */
    restart: async () => {
      functions = await loadFunctions();
    },
  };
}

interface Functions {
  authorize: Handler;
  callback: Handler;
}

/** Loads the functions like a cold instance. */
async function loadFunctions(): Promise<Functions> {
  vi.resetModules();
  const [authorize, callback] = await Promise.all(
    ['oauth-authorize', 'oauth-callback'].map(
      async (name) => ((await import(`../../functions/${name}.ts`)) as { handler: Handler }).handler,
    ),
  );
  return { authorize: authorize!, callback: callback! };
}

function call(handler: Handler, { query, cookies = [], method = 'GET', ...rest }: Call) {
  const { accept = BROWSER, address = '203.0.113.1' } = rest;
  const event = {
    rawQueryString: query,
    headers: 'accept' in rest && rest.accept === undefined ? {} : { accept },
    cookies,
    isBase64Encoded: false,
    requestContext: { http: { method, sourceIp: address } },
  };
  return handler(event as unknown as APIGatewayProxyEventV2, { awsRequestId: 'req-1' } as Context);
}

/** Expects a redirect to PAGE with this code, and no session. */
export function expectReturn({ statusCode, headers, cookies, body }: HttpResponse, code: string) {
  expect({ statusCode, headers, cookies, body }).toEqual({
    statusCode: 302,
    headers: {
      location: `https://www.example.com/welcome?from=menu&q=%e4%bd%a0+%2F&login_error=${code}#/top?x=1`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
    cookies: undefined,
    body: undefined,
  });
}

/** Expects the failure page with this code and this link. */
export function expectPage({ statusCode, headers, cookies, body = '' }: HttpResponse, code: string, back: string) {
  const status = { FORBIDDEN: 403, PARAM_ERROR: 400, RATE_LIMITED: 429, NOT_CONFIGURED: 503 }[code];
  expect({ statusCode, cookies }).toEqual({ statusCode: status, cookies: undefined });
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
  });
  expect(body).toContain(`<code>${code}</code>`);
  expect(body).toContain('<code>req-1</code>');
  expect(body.match(/<a [^>]*href="([^"]*)"/)?.[1]).toBe(back.replaceAll('&', '&#38;'));
  expect(body).not.toMatch(/<script|http-equiv|\/oauth\/authorize/i);
}
