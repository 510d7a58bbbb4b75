// The page with the phone: `GET /` for a browser, and the files of the page.
import { readFile } from 'node:fs/promises';
import { jsonAnswer } from '../../simulator/http.ts';
import type { Answer, Call } from '../../simulator/http.ts';
import { clientCode } from '../../clients/render.ts';
import { buildOpenapi } from '../../../lib/http/openapi/document.ts';
import { ENDPOINTS } from '../../../lib/http/openapi/endpoints.ts';

const types = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/** The files that are served; any other path is not found. */
const files: Record<string, keyof typeof types> = {
  'style.css': 'css',
  'main.js': 'js',
  'calls.js': 'js',
  'dom.js': 'js',
  'web-page.js': 'js',
  'phone.js': 'js',
  'mini-program.js': 'js',
  'session.js': 'js',
  'wx.js': 'js',
  'avatar.js': 'js',
  'coffee.js': 'js',
  'virtual-goods.js': 'js',
  'orders.js': 'js',
  'scan.js': 'js',
  'chat.js': 'js',
  'service-chat.js': 'js',
  'merchant.js': 'js',
  'virtual-orders.js': 'js',
  'h5-browser.js': 'js',
  'h5.html': 'html',
  'h5.js': 'js',
  'wire.js': 'js',
};

/**
 * Builds the handler of the page for the simulator's port. It returns undefined for every request to another path.
 * @param apiUrl the HTTP API that the page calls
 */
export function webPage(apiUrl?: string) {
  return (call: Call) => servePage(call, apiUrl);
}

async function servePage({ method, path, headers }: Call, apiUrl?: string): Promise<Answer | undefined> {
  if (method !== 'GET') return undefined;
  if (path === '/') return headers.accept?.includes('text/html') ? fileAnswer('index.html', 'html') : undefined;
  if (path === '/_web/config.json') return jsonAnswer(200, { apiUrl: apiUrl ?? null });
  if (path === '/_web/wechat-lambda.miniprogram.js') return textAnswer(miniprogramClient(), 'js');
  const name = path.startsWith('/_web/') ? path.slice('/_web/'.length) : '';
  const kind = Object.hasOwn(files, name) ? files[name] : undefined;
  return kind && fileAnswer(name, kind);
}

/** Returns the client that `npm run clients` writes for mini-programs. */
function miniprogramClient(): string {
  return clientCode(buildOpenapi(ENDPOINTS), 'miniprogram');
}

async function fileAnswer(name: string, kind: keyof typeof types): Promise<Answer> {
  return textAnswer(await readFile(new URL(name, import.meta.url)), kind);
}

function textAnswer(body: string | Buffer, kind: keyof typeof types): Answer {
  const headers = { 'Content-Type': types[kind], 'Cache-Control': 'no-cache', Vary: 'Accept' };
  return { status: 200, headers, body };
}
