import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSend, isUnreachable, type Send } from '../../../../lib/core/outbound.ts';

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

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

/** Returns a port on which nothing listens. */
async function closedPort() {
  const server = createTcpServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const port = portOf(server);
  await once(server.close(), 'close');
  return { port, end: () => undefined };
}

/** Returns a server that resets each connection after the request. */
async function resettingServer() {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.resetAndDestroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: portOf(server), end: () => void server.close() };
}

const NEVER_ACCEPTS = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

/** Returns a server whose queue of connections is full, so that the kernel ignores further connections. */
async function fullServer() {
  const server = spawn(process.execPath, ['-e', NEVER_ACCEPTS], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = (await once(server.stdout, 'data')) as [Buffer];
  const port = Number(output);
  const waiting = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, 'connect')));
  const end = () => {
    for (const socket of waiting) socket.destroy();
    server.kill('SIGKILL');
  };
  return { port, end };
}

describe('createSend without a response', () => {
  const send = createSend({ now: Date.now });
  const call = (url: string) =>
    send({ method: 'GET', url: new URL(url), timeoutMs: 60_000 }).catch((error: unknown) => error);

  it.each([
    ['refuses the connection', closedPort],
    ['resets the connection', resettingServer],
    ['does not accept the connection', fullServer],
  ])('reports a host as unreachable that %s', async (_, start) => {
    const { port, end } = await start();
    const error = await call(`http://127.0.0.1:${port}/`);
    end();
    expect(error).toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(isUnreachable(error)).toBe(true);
  });

  it('reports a host as unreachable whose name is unknown', async () => {
    expect(isUnreachable(await call('http://api.mch.weixin.qq.invalid/'))).toBe(true);
  });

  it('reports a host that does not respond in time as WECHAT_TIMEOUT, because it is reachable', async () => {
    const silent = createTcpServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const url = new URL(`http://127.0.0.1:${portOf(silent)}/`);
    const error = await send({ method: 'GET', url, timeoutMs: 50 }).catch((thrown: unknown) => thrown);
    silent.close();
    expect(error).toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect(isUnreachable(error)).toBe(false);
  });
});
