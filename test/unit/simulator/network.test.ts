import { once } from 'node:events';
import { createServer, request as send, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeEach, expect, test } from 'vitest';
import { useSimulator, useWechatUser } from './fixture.ts';
import { phoneAction, type User } from './support.ts';

const simulator = useSimulator();
const first = useWechatUser(simulator);
const second = useWechatUser(simulator);

interface Received {
  from: string;
  method: string;
  headers: IncomingHttpHeaders;
  body: string;
}
let url = '';
let received: Received[] = [];
beforeEach(async () => {
  received = [];
  const server = createServer(async (request, response) => {
    const from = request.socket.remoteAddress!.replace('::ffff:', '');
    received.push({ from, method: request.method!, headers: request.headers, body: await text(request) });
    response.writeHead(302, { location: '/elsewhere', 'x-test': 'yes' }).end('moved');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://localhost:${(server.address() as AddressInfo).port}/page?a=1`;
  return () => void server.close().closeAllConnections();
});
const visit = async (user: User, how: object = {}) =>
  (await phoneAction(simulator, user, 'visit', { url, ...how })).json;

test('sends the request from the address of the user, and returns the answer without following a redirect', async () => {
  const headers = { 'X-Origin-Secret': 'guess', 'content-type': 'text/plain' };
  expect(await visit(first, { method: 'PUT', headers, body: 'a' })).toMatchObject({
    status: 302,
    headers: { 'x-test': 'yes' },
    body: 'moved',
  });
  await visit(second, { body: { a: 1 } });
  expect(received).toMatchObject([
    { method: 'PUT', headers: { 'x-origin-secret': 'guess', 'content-type': 'text/plain' }, body: 'a' },
    { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' },
  ]);
  expect(new Set(received.map(({ from }) => from)).size).toBe(2);
});

test('a carrier shows all its users under one address', async () => {
  for (const user of [first, second]) await visit(user, { via: 'carrier' });
  expect(received.map(({ from, method }) => [from, method])).toEqual([
    ['127.0.0.2', 'GET'],
    ['127.0.0.2', 'GET'],
  ]);
});

test('CloudFront connects from its edge, and replaces the headers that it adds itself', async () => {
  const headers = { 'CloudFront-Viewer-Address': '192.0.2.1:1', 'X-Origin-Secret': 'guess', accept: 'a/b' };
  for (const user of [first, second]) await visit(user, { via: 'cloudfront', originSecret: 'secret', headers });
  await visit(first, { via: 'cloudfront', headers });
  expect(new Set(received.map(({ from }) => from))).toEqual(new Set(['127.0.0.3']));
  const viewers = received.map((request) => request.headers['cloudfront-viewer-address']);
  expect(viewers.every((viewer) => /^198\.18\.\d+\.\d+:46532$/.test(String(viewer)))).toBe(true);
  expect([viewers[0] === viewers[2], viewers[0] === viewers[1]]).toEqual([true, false]);
  expect(received.map((request) => request.headers['x-origin-secret'])).toEqual(['secret', 'secret', undefined]);
  expect(received[0]!.headers).toMatchObject({ accept: 'a/b', 'cloudfront-viewer-country': 'CN' });
});

test.each(['http://example.com/', 'https://localhost/', 'http://169.254.169.254/', 'http://localhost.example/', 'x'])(
  'rejects %s, which is no http address of this machine',
  async (elsewhere) => {
    expect(await visit(first, { url: elsewhere })).toMatchObject({ error: 'PARAM_ERROR' });
  },
);

test('reports an address that does not answer', async () => {
  expect(await visit(first, { url: 'http://127.0.0.1:1/' })).toMatchObject({ error: 'UNREACHABLE' });
});

/** Sends the call of a page that the developer has open in a browser. */
async function visitFromPage(headers: Record<string, string>): Promise<number | undefined> {
  const path = `/_phone/users/${first.id}/visit`;
  const outgoing = send(new URL(path, simulator.url), { method: 'POST', headers, agent: false });
  outgoing.end(JSON.stringify({ url, method: 'DELETE' }));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

test.each([
  ['a page of another site', { origin: 'https://evil.example' }],
  ['a page in a sandboxed frame', { origin: 'null' }],
  ['a page of a name that an attacker resolves to this machine', { host: 'rebound.example:9000' }],
])('rejects a request for %s', async (_, headers) => {
  expect(await visitFromPage(headers)).toBe(400);
  expect(received).toEqual([]);
});

test.each([
  ['of the simulator', { origin: 'http://localhost:9000' }],
  ['of the other name of this machine', { origin: 'http://127.0.0.1:3000', host: '127.0.0.1:9000' }],
])('sends a request for a page %s', async (_, headers) => {
  expect(await visitFromPage(headers)).toBe(200);
  expect(received).toMatchObject([{ method: 'DELETE' }]);
});
