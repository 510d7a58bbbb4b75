// What the clients send, and what they make of answers that are not as usual.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildOpenapi } from '../../../lib/http/openapi/document.ts';
import { ENDPOINTS } from '../../../lib/http/openapi/endpoints.ts';
import { makeClients, PLATFORMS, type ClientModule } from '../../support/clients.ts';

type Respond = (response: ServerResponse) => void;

const json =
  (status: number, body: object, headers: Record<string, string> = {}): Respond =>
  (response) =>
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));

/** A service that answers everything alike, and remembers what it was asked. */
async function startService() {
  const asked: { route: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const service = { url: '', asked, respond: json(200, {}), close: () => void server.close().closeAllConnections() };
  const server = createServer(async (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    asked.push({ route: `${method} ${url}`, headers, body: await text(incoming) });
    service.respond(outgoing);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return service;
}

describe.each(PLATFORMS)('the client for %s', (platform) => {
  let made: Awaited<ReturnType<typeof makeClients>>;
  let loaded: ClientModule;
  let service: Awaited<ReturnType<typeof startService>>;
  beforeAll(async () => {
    [made, service] = await Promise.all([makeClients(buildOpenapi(ENDPOINTS)), startService()]);
    loaded = await made.load[platform]();
  });
  afterAll(() => {
    made.remove();
    service.close();
  });

  const client = (options: object = {}) => loaded.createClient({ baseUrl: `${service.url}/`, ...options });
  const failure = async (respond: Respond, options: object = {}) => {
    service.respond = respond;
    return client(options).getMe!().then(
      () => undefined,
      (error: unknown) => error,
    );
  };
  /** What one call sent. */
  const sent = async (call: (one: ReturnType<typeof client>) => Promise<unknown>, options: object = {}) => {
    service.respond = json(200, {});
    await call(client(options));
    return service.asked.at(-1)!;
  };

  it('puts each parameter where it belongs, and the rest into the body', async () => {
    const prepay = await sent((one) => one.prepay!({ sku: 'coffee', tradeType: 'JSAPI', idempotencyKey: 'k 1' }));
    expect(prepay).toMatchObject({ route: 'POST /pay/prepay', headers: { 'idempotency-key': 'k 1' } });
    expect(prepay.headers['content-type']).toBe('application/json');
    expect(JSON.parse(prepay.body)).toEqual({ sku: 'coffee', tradeType: 'JSAPI' });
    const decide = await sent((one) => one.decideQrLogin!({ ticket: 'a/b?c', decision: 'scan' }));
    expect(decide).toMatchObject({ route: 'POST /qr-login/a%2Fb%3Fc/confirm', body: '{"decision":"scan"}' });
    const config = await sent((one) => one.getJssdkConfig!({ url: 'https://a.example/?b=1&c=你' }));
    expect(config.route).toBe(`GET /jssdk/config?url=${encodeURIComponent('https://a.example/?b=1&c=你')}`);
  });

  it('sends nothing for what is left out', async () => {
    const { route, headers, body } = await sent((one) => one.listOrders!());
    expect({ route, body }).toEqual({ route: 'GET /pay/orders', body: '' });
    expect(headers).not.toHaveProperty('authorization');
    expect((await sent((one) => one.prepay!({ sku: 'a' }))).headers).not.toHaveProperty('idempotency-key');
    expect((await sent((one) => one.createQrLogin!())).body).toBe('{}');
  });

  it('asks for the token at each call', async () => {
    const tokens = ['t1', ''];
    const options = { getToken: () => tokens.shift() };
    const one = client(options);
    const call = () => sent(() => one.getMe!());
    expect((await call()).headers.authorization).toBe('Bearer t1');
    expect((await call()).headers).not.toHaveProperty('authorization');
  });

  it('throws what the service says, and how long to wait', async () => {
    const body = { code: 'RATE_LIMITED', message: 'slowly', requestId: 'r', detail: { a: 1 } };
    const error = await failure(json(429, body, { 'Retry-After': '7' }));
    expect(error).toBeInstanceOf(loaded.ApiError);
    expect(error).toMatchObject({ name: 'ApiError', ...body, status: 429, retryAfterS: 7 });
    expect(String(error)).toBe('ApiError: slowly');
  });

  it("takes the gateway's own limit for a limit", async () => {
    const error = await failure(json(429, { message: 'Too Many Requests' }));
    expect(error).toMatchObject({ code: 'RATE_LIMITED', status: 429, retryAfterS: 1 });
  });

  it.each<[string, number, Respond]>([
    ['a gateway', 503, json(503, { message: 'Service Unavailable' })],
    ['a proxy', 502, (response) => response.writeHead(502, { 'Content-Type': 'text/html' }).end('<html>')],
    ['a portal that is in the way', 200, (response) => response.writeHead(200).end('<html>log in first')],
    ['something empty', 200, (response) => response.writeHead(200).end()],
  ])('takes the answer of %s for no answer of the service', async (_, status, respond) => {
    expect(await failure(respond)).toMatchObject({ code: 'UNEXPECTED_ANSWER', status });
  });

  it('says when nothing is there, and when nothing comes', async () => {
    expect(await failure((response) => response.destroy())).toMatchObject({ code: 'NETWORK', status: 0 });
    const silent = await failure(() => undefined, { timeoutMs: 50 });
    expect(silent).toMatchObject({ code: 'TIMEOUT', status: 0 });
    const half: Respond = (response) => response.writeHead(200, { 'Content-Type': 'application/json' }).write('{');
    expect(await failure(half, { timeoutMs: 50 })).toMatchObject({ code: 'TIMEOUT', status: 0 });
  });
});

it('a page without a token lets the cookie say who asks, one with a token never', async () => {
  const made = await makeClients(buildOpenapi(ENDPOINTS));
  const { createClient } = await made.load.h5();
  const asked = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json({}));
  await createClient({ baseUrl: 'https://api.example.com' }).getMe!();
  await createClient({ baseUrl: 'https://api.example.com', getToken: () => undefined }).getMe!();
  expect(asked.mock.calls.map(([, init]) => init!.credentials)).toEqual(['include', 'omit']);
  asked.mockRestore();
  made.remove();
});
