import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, expect, test } from 'vitest';
import { useSimulator } from './fixture.ts';
import { call } from './support.ts';

const simulator = useSimulator();

let baseUrl = '';
const files = new Map<string, string>();
beforeEach(async () => {
  files.clear();
  const server = createServer(({ url = '' }, response) => {
    const content = files.get(url);
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  baseUrl = `http://localhost:${(server.address() as AddressInfo).port}`;
  return () => void server.close().closeAllConnections();
});
const issue = async (): Promise<{ name: string; content: string }> => (await call(simulator, 'POST', '/_domains')).json;
const verify = async (name: string, at = baseUrl) =>
  (await call(simulator, 'POST', `/_domains/${name}`, { baseUrl: at })).json;

test('verifies a domain that serves the issued file byte for byte', async () => {
  const { name, content } = await issue();
  expect(name).toMatch(/^[0-9A-Za-z]{10}\.txt$/);
  expect(await verify(name)).toEqual({ verified: false, reason: 'the address answers 404' });
  files.set(`/${name}`, `${content}\n`);
  expect(await verify(name)).toEqual({ verified: false, reason: 'the content differs' });
  files.set(`/${name}`, content);
  expect(await verify(name)).toEqual({ verified: true });
});

test('rejects a name that it did not issue, and an address of another machine', async () => {
  expect(await verify('other.txt')).toMatchObject({ error: 'PARAM_ERROR' });
  expect(await verify((await issue()).name, 'https://shop.example')).toMatchObject({ error: 'PARAM_ERROR' });
});

test('reports a domain that does not answer', async () => {
  expect(await verify((await issue()).name, 'http://127.0.0.1:1')).toMatchObject({ verified: false });
});
