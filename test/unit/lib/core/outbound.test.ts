import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSend, type Send } from '../../../../lib/core/outbound.ts';

/** A server that counts the connections that it accepts. */
async function startServer() {
  let connections = 0;
  const server: Server = createServer((_request, response) => void response.end('ok'));
  server.on('connection', () => (connections += 1));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return { url, connections: () => connections, reset: () => (connections = 0), server };
}

describe('createSend', () => {
  let [one, other]: Awaited<ReturnType<typeof startServer>>[] = [];
  let nowMs = 0;
  let send: Send;
  beforeAll(async () => {
    [one, other] = await Promise.all([startServer(), startServer()]);
  });
  afterAll(() => {
    for (const { server } of [one!, other!]) server.close().closeAllConnections();
  });
  beforeEach(() => {
    send = createSend({ now: () => nowMs });
    one!.reset();
  });
  const call = async (target: { url: URL }, atMs: number) => {
    nowMs = atMs;
    await send({ method: 'GET', url: target.url, timeoutMs: 10_000 });
  };

  it('keeps the connection to an origin for 15 seconds', async () => {
    await call(one!, 0);
    await call(one!, 15_000);
    expect(one!.connections()).toBe(1);
  });

  it('opens a new connection after a longer pause, whatever other origins were called', async () => {
    await call(one!, 0);
    await call(other!, 14_000);
    await call(one!, 28_000);
    expect(one!.connections()).toBe(2);
  });
});
