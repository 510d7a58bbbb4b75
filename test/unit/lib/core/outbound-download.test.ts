import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDownload } from '../../../../lib/core/outbound.ts';

const answers: Record<string, (response: ServerResponse) => void> = {
  '/whole?a=b': (response) => response.writeHead(206, { 'X-Kind': 'bill' }).end('whole'),
  '/steady': async (response) => {
    for (let i = 0; i < 12; i += 1) {
      response.write('.');
      await sleep(200);
    }
    response.end();
  },
  '/stalls': (response) => void response.writeHead(200, { 'content-length': 10 }).write('half'),
  '/silent': () => undefined,
  '/breaks-off': (response) =>
    void response.writeHead(200, { 'content-length': 10 }).write('half', () => response.destroy()),
};
let url = '';
const server = createServer((request, response) => answers[request.url!]!(response));
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
const get = (path: string) => startDownload({ method: 'GET', url: new URL(url + path), idleMs: 2_000 });

describe('startDownload', () => {
  it('returns status, headers and bytes', async () => {
    const { status, headers, body } = await get('/whole?a=b');
    expect({ status, kind: headers['x-kind'] }).toEqual({ status: 206, kind: 'bill' });
    expect(String(await buffer(body))).toBe('whole');
  });

  it('has no limit for the whole download while chunks arrive', async () => {
    const began = performance.now();
    expect(await buffer((await get('/steady')).body)).toHaveLength(12);
    expect(performance.now() - began).toBeGreaterThan(2_000);
  });

  it('throws WECHAT_TIMEOUT when the body stalls', async () => {
    const { body } = await get('/stalls');
    await expect(buffer(body)).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
  });

  it('throws WECHAT_TIMEOUT when no response arrives', async () => {
    await expect(get('/silent')).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
  });

  it('throws WECHAT_UNAVAILABLE when the connection closes before the end of the body', async () => {
    const { body } = await get('/breaks-off');
    await expect(buffer(body)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
  });

  it('throws WECHAT_UNAVAILABLE when no server listens', async () => {
    const download = startDownload({ method: 'GET', url: new URL('http://127.0.0.1:1/'), idleMs: 2_000 });
    await expect(download).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
  });
});
