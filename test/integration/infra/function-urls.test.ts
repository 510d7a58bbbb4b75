// The gateway over real sockets, in front of a Lambda API that can return the event that it received.
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFunctionUrls } from '../../../infra/local/function-urls.ts';
import { findFreePorts } from '../../support/ports.ts';

let port: number;
let stop: () => Promise<void>;
let reply: { body: string; headers?: Record<string, string> };

const lambda = createServer(async (incoming, outgoing) => {
  const event = (await buffer(incoming)).toString();
  outgoing.writeHead(200, reply.headers ?? {});
  outgoing.end(reply.body.replace('EVENT', () => JSON.stringify(event).slice(1, -1)));
});

/** Calls the gateway with node:http, because fetch normalises path, headers and body. */
async function call(path: string, { body = Buffer.alloc(0), headers = {} as Record<string, string | string[]> } = {}) {
  const outgoing = httpRequest({ port, host: '127.0.0.1', path, method: 'POST', headers });
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: incoming.statusCode, headers: incoming.headers, body: await buffer(incoming) };
}

beforeAll(async () => {
  const [gatewayPort, lambdaPort] = (await findFreePorts(2)) as [number, number];
  port = gatewayPort;
  await once(lambda.listen(lambdaPort, '127.0.0.1'), 'listening');
  const service = { withUrl: ['official-events', 'pay-notify'], deployedName: (name: string) => `shop-dev-${name}` };
  ({ stop } = await startFunctionUrls({ port, lambdaPort, service }));
});
afterAll(async () => {
  await stop();
  lambda.close();
});

describe('gateway of the function URLs', () => {
  it('passes bytes, the raw query and repeated headers to the function', async () => {
    reply = { body: '{"statusCode": 200, "body": "EVENT"}' };
    const bytes = Buffer.from([0, 1, 254, 255, 13, 10]);
    const answer = await call('/pay-notify/a%20b?sig=%2B+%20', { body: bytes, headers: { 'X-N': ['1', '2'] } });
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      rawPath: '/a%20b',
      rawQueryString: 'sig=%2B+%20',
      headers: { 'x-n': '1,2' },
      body: bytes.toString('base64'),
      isBase64Encoded: true,
    });
  });

  it('returns status, headers, cookies and bytes of the function', async () => {
    const result = { statusCode: 202, headers: { 'X-A': 'b' }, cookies: ['s=1', 't=2'], body: 'AP8=' };
    reply = { body: JSON.stringify({ ...result, isBase64Encoded: true }) };
    const answer = await call('/official-events');
    expect(answer.status).toBe(202);
    expect(answer.headers).toMatchObject({ 'x-a': 'b', 'set-cookie': ['s=1', 't=2'], 'content-length': '2' });
    expect(answer.body).toEqual(Buffer.from([0, 255]));
  });

  it('answers 502 when the function throws', async () => {
    reply = { body: '{"errorMessage": "secret"}', headers: { 'x-amz-function-error': 'Unhandled' } };
    expect(await call('/official-events')).toMatchObject({ status: 502, body: Buffer.from('Internal Server Error') });
  });

  it('answers 502 to an invalid header of the function and keeps serving', async () => {
    reply = { body: JSON.stringify({ statusCode: 200, headers: { 'x-a': 'b\r\nc: d' } }) };
    expect(await call('/official-events')).toMatchObject({ status: 502 });
    reply = { body: '{"statusCode": 204}' };
    expect(await call('/official-events')).toMatchObject({ status: 204 });
  });

  it('answers 413 to a body of more than 6 MB', async () => {
    expect(await call('/official-events', { body: Buffer.alloc(6 * 1024 * 1024 + 1) })).toMatchObject({ status: 413 });
  });

  it.each(['/', '/health', '/official-eventsx', '/OFFICIAL-EVENTS'])(
    'answers 404 for %s and lists the function URLs',
    async (path) => {
      const answer = await call(path);
      expect(answer.status).toBe(404);
      expect(answer.body.toString()).toContain('/official-events /pay-notify');
    },
  );
});
