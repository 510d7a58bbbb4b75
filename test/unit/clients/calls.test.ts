// Requests of the generated clients, and their errors for unexpected responses.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildOpenapi } from '../../../lib/http/openapi/document.ts';
import { ENDPOINTS } from '../../../lib/http/openapi/endpoints.ts';
import { readFilePart } from '../../../lib/http/multipart.ts';
import { makeClients, PLATFORMS, type ClientModule } from '../../support/clients.ts';
import { PNG } from '../../support/pictures.ts';

type Respond = (response: ServerResponse) => void;

const json =
  (status: number, body: object, headers: Record<string, string> = {}): Respond =>
  (response) =>
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));

/** Starts a service that records its requests and sends the same response to all of them. */
async function startService() {
  const requests: { route: string; headers: IncomingMessage['headers']; body: string; bytes: Buffer }[] = [];
  const service = { url: '', requests, respond: json(200, {}), close: () => void server.close().closeAllConnections() };
  const server = createServer(async (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const bytes = await buffer(incoming);
    requests.push({ route: `${method} ${url}`, headers, body: bytes.toString(), bytes });
    service.respond(outgoing);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return service;
}

describe.each(PLATFORMS)('the generated client for %s', (platform) => {
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
  /** Returns the request that a call sends. */
  const sent = async (call: (api: ReturnType<typeof client>) => Promise<unknown>, options: object = {}) => {
    service.respond = json(200, {});
    await call(client(options));
    return service.requests.at(-1)!;
  };

  it('sends parameters in the path, the query and the headers, and the other fields in the body', async () => {
    const prepay = await sent((api) => api.prepay!({ sku: 'coffee', tradeType: 'JSAPI', idempotencyKey: 'k 1' }));
    expect(prepay).toMatchObject({ route: 'POST /pay/prepay', headers: { 'idempotency-key': 'k 1' } });
    expect(prepay.headers['content-type']).toBe('application/json');
    expect(JSON.parse(prepay.body)).toEqual({ sku: 'coffee', tradeType: 'JSAPI' });
    const decide = await sent((api) => api.decideQrLogin!({ ticket: 'a/b?c', decision: 'scan' }));
    expect(decide).toMatchObject({ route: 'POST /qr-login/a%2Fb%3Fc/confirm', body: '{"decision":"scan"}' });
    const poll = await sent((api) => api.pollQrLogin!({ ticket: 't', pollToken: 'p', cookie: '1' }));
    expect(poll).toMatchObject({ route: 'GET /qr-login/t?cookie=1', headers: { 'x-poll-token': 'p' } });
    const config = await sent((api) => api.getJssdkConfig!({ url: 'https://a.example/?b=1&c=你' }));
    expect(config.route).toBe(`GET /jssdk/config?url=${encodeURIComponent('https://a.example/?b=1&c=你')}`);
  });

  it('leaves omitted parameters out of the request', async () => {
    const { route, headers, body } = await sent((api) => api.listOrders!());
    expect({ route, body }).toEqual({ route: 'GET /pay/orders', body: '' });
    expect(headers).not.toHaveProperty('authorization');
    expect((await sent((api) => api.prepay!({ sku: 'a' }))).headers).not.toHaveProperty('idempotency-key');
    expect((await sent((api) => api.createQrLogin!())).body).toBe('{}');
  });

  it('calls getToken before each request', async () => {
    const tokens = ['t1', ''];
    const api = client({ getToken: () => tokens.shift() });
    const call = () => sent(() => api.getMe!());
    expect((await call()).headers.authorization).toBe('Bearer t1');
    expect((await call()).headers).not.toHaveProperty('authorization');
  });

  it('uploads a file as multipart/form-data with the token of the session', async () => {
    const file = made.fileArgument[platform](PNG);
    service.respond = json(201, { uploadId: 'u', url: 'https://a.example/u', status: 'passed' });
    const answer = await client({ getToken: () => 't' }).createUpload!(file);
    expect(answer).toEqual({ uploadId: 'u', url: 'https://a.example/u', status: 'passed' });
    const { route, headers, bytes } = service.requests.at(-1)!;
    expect({ route, token: headers.authorization }).toEqual({ route: 'POST /uploads', token: 'Bearer t' });
    const read = await readFilePart({ contentType: headers['content-type']!, bytes }, PNG.length);
    expect(read.equals(PNG)).toBe(true);
  });

  it('throws the errors of an upload like those of other calls', async () => {
    const upload = async (respond: Respond, options: object = {}) => {
      service.respond = respond;
      return client(options).createUpload!(made.fileArgument[platform](PNG)).catch((error: unknown) => error);
    };
    const refused = { code: 'CONTENT_REFUSED', message: 'refused', requestId: 'r' };
    expect(await upload(json(400, refused))).toMatchObject({ name: 'ApiError', ...refused, status: 400 });
    expect(await upload((response) => response.writeHead(502).end('<html>'))).toMatchObject({
      code: 'UNEXPECTED_ANSWER',
      status: 502,
    });
    expect(await upload((response) => response.destroy())).toMatchObject({ code: 'NETWORK' });
    expect(await upload(() => undefined, { timeoutMs: 50 })).toMatchObject({ code: 'TIMEOUT' });
  });

  it('throws an ApiError with the code of the service and the seconds until a retry', async () => {
    const body = { code: 'RATE_LIMITED', message: 'slowly', requestId: 'r', detail: { a: 1 } };
    const error = await failure(json(429, body, { 'Retry-After': '7' }));
    expect(error).toBeInstanceOf(loaded.ApiError);
    expect(error).toMatchObject({ name: 'ApiError', ...body, status: 429, retryAfterS: 7 });
    expect(String(error)).toBe('ApiError: slowly');
  });

  it("throws RATE_LIMITED for the gateway's own status 429", async () => {
    const error = await failure(json(429, { message: 'Too Many Requests' }));
    expect(error).toMatchObject({ code: 'RATE_LIMITED', status: 429, retryAfterS: 1 });
  });

  it.each<[string, number, Respond]>([
    ['a gateway', 503, json(503, { message: 'Service Unavailable' })],
    ['a proxy', 502, (response) => response.writeHead(502, { 'Content-Type': 'text/html' }).end('<html>')],
    ['a captive portal', 200, (response) => response.writeHead(200).end('<html>log in first')],
    ['a server that sends an empty body', 200, (response) => response.writeHead(200).end()],
  ])('throws UNEXPECTED_ANSWER for the response of %s', async (_, status, respond) => {
    expect(await failure(respond)).toMatchObject({ code: 'UNEXPECTED_ANSWER', status });
  });

  it('throws NETWORK when the connection fails and TIMEOUT when the response does not end', async () => {
    expect(await failure((response) => response.destroy())).toMatchObject({ code: 'NETWORK', status: 0 });
    const silent = await failure(() => undefined, { timeoutMs: 50 });
    expect(silent).toMatchObject({ code: 'TIMEOUT', status: 0 });
    const half: Respond = (response) => response.writeHead(200, { 'Content-Type': 'application/json' }).write('{');
    expect(await failure(half, { timeoutMs: 50 })).toMatchObject({ code: 'TIMEOUT', status: 0 });
  });
});

it('the h5 client sends cookies only when it has no getToken option', async () => {
  const made = await makeClients(buildOpenapi(ENDPOINTS));
  const { createClient } = await made.load.h5();
  const fetchSpy = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json({}));
  await createClient({ baseUrl: 'https://api.example.com' }).getMe!();
  await createClient({ baseUrl: 'https://api.example.com', getToken: () => undefined }).getMe!();
  expect(fetchSpy.mock.calls.map(([, init]) => init!.credentials)).toEqual(['include', 'omit']);
  fetchSpy.mockRestore();
  made.remove();
});
