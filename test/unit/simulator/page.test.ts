import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { webPage } from '../../../infra/local/web/serve.ts';
import type { ClientModule } from '../../support/clients.ts';
import { startFurtherSimulator, useSimulator } from './fixture.ts';
import { call, rawCall } from './support.ts';

const folder = new URL('../../../infra/local/web/', import.meta.url);
const browserAccept = 'text/html,application/xhtml+xml,*/*;q=0.8';

const simulator = useSimulator({ page: webPage() });

const get = (path: string, headers: Record<string, string> = {}) => rawCall(simulator.url + path, 'GET', headers, '');

test('serves the page to a browser and the index to any other client', async () => {
  const page = await get('/', { Accept: browserAccept });
  expect(page).toMatchObject({ status: 200, text: expect.stringContaining('<!doctype html>') });
  expect(page.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', vary: 'Accept' });
  for (const accept of ['*/*', 'application/json']) {
    expect(await get('/', { Accept: accept })).toMatchObject({ status: 200, json: { calls: expect.any(Object) } });
  }
});

test('serves every file of the page; no file loads anything from another host', async () => {
  const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html' };
  for (const name of readdirSync(folder).filter((file) => extname(file) in types && file !== 'index.html')) {
    const { status, headers, text } = await get(`/_web/${name}`);
    const type = `${types[extname(name)]}; charset=utf-8`;
    expect({ name, status, type: headers['content-type'] }).toEqual({ name, status: 200, type });
    expect(text).toBe(readFileSync(new URL(name, folder), 'utf8'));
    expect(text, name).not.toMatch(/https?:\/\/|url\(|@import/);
  }
  expect((await get('/', { Accept: browserAccept })).text).not.toMatch(/https?:\/\//);
});

test('serves the client for mini-programs, which uploads files with wx.uploadFile', async () => {
  const { status, headers, text } = await get('/_web/wechat-lambda.miniprogram.js');
  expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/javascript; charset=utf-8' });
  const [uploadFile, module] = [vi.fn<(request: object) => void>(), { exports: {} as ClientModule }];
  runInNewContext(text, { wx: { uploadFile }, module });
  const client = module.exports.createClient({ baseUrl: 'http://localhost:3000', getToken: () => 'a-token' });
  void client.createUpload!({ filePath: 'http://tmp/a.jpeg' });
  expect(uploadFile).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ url: 'http://localhost:3000/uploads', filePath: 'http://tmp/a.jpeg', name: 'file' }),
  );
});

test.each(['serve.ts', '../settings.ts', '..%2fsettings.ts', 'constructor', '__proto__', 'index.html', 'main.js/', ''])(
  'does not serve %j',
  async (name) => {
    expect((await get(`/_web/${name}`)).status).toBe(404);
  },
);

test('config.json holds the URL of the API, or null', async () => {
  expect((await get('/_web/config.json')).json).toEqual({ apiUrl: null });
  const other = await startFurtherSimulator({ page: webPage('http://localhost:3000') });
  expect((await call(other, 'GET', '/_web/config.json')).json).toEqual({ apiUrl: 'http://localhost:3000' });
});

test('GET /_log?last=n returns the newest n entries', async () => {
  for (const path of ['/sns/one', '/sns/two', '/sns/three']) await get(path);
  const paths = async (query: string) =>
    (await get(`/_log${query}`)).json.map(({ path }: { path: string }) => path.slice('/sns/'.length));
  expect(await paths('')).toEqual(['one', 'two', 'three']);
  expect(await paths('?last=2')).toEqual(['two', 'three']);
  expect(await paths('?last=9')).toEqual(['one', 'two', 'three']);
  for (const last of ['0', '-1', '1.5', 'x', '']) expect((await get(`/_log?last=${last}`)).status).toBe(400);
});
