// Every address that Chromium shows gets a signature, and no address that Chromium normalises.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getJssdkConfig } from '../../lib/h5/jssdk-config.ts';
import { launchChromium } from '../support/chromium.ts';

const PRINTABLE = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)).filter(
  (c) => !'#?/%'.includes(c),
);
/** Paths and queries that Chromium shows in another form. */
const NORMALISED = [
  '',
  `/${PRINTABLE.join('')}`,
  `/?${PRINTABLE.join('')}`,
  '/咖啡 馆?q=热 咖啡&b=é',
  '/\u{1F600}?\u{1F600}=\u202E',
  '/a/../b/./c/%2e%2e/d',
  '/a\\b?c\\d',
  '/a\tb\nc',
  '/?a=\u0001\u007F',
];
const STRANGE = [...NORMALISED, '/', '/?', '/#', '/100%?a=%zz%', '//a///b?//', '/?a=1&amp;b=2&&='];

let page: Page;
let origin = '';
let close = async () => {};
beforeAll(async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<p>page</p>');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const browser = await launchChromium();
  page = await browser.newPage();
  close = async () => {
    await browser.close();
    server.close().closeAllConnections();
  };
});
afterAll(() => close());

const signedUrl = async (url: string) => {
  const deps = { appId: 'wx', allowedOrigins: [origin], permissions: { jsApiList: [] }, now: Date.now };
  const jsapiTicket = { get: async () => 'ticket' } as Parameters<typeof getJssdkConfig>[0]['jsapiTicket'];
  return (await getJssdkConfig({ ...deps, jsapiTicket, randomBytes: Buffer.alloc }, url)).url;
};
const location = () => page.evaluate('location.href') as Promise<string>;

describe('the address that Chromium shows', () => {
  it.each(STRANGE)('is signed unchanged for a link to %j', async (path) => {
    await page.goto(`${origin}/`);
    const link = JSON.stringify(origin + path);
    await Promise.all([
      path.endsWith('#') ? page.waitForURL('**/#') : page.waitForEvent('load'),
      page.evaluate(`void (location.href = ${link})`),
    ]);
    const shown = await location();
    expect(await signedUrl(shown)).toBe(shown.split('#')[0]);
  });

  it.each(STRANGE.filter((path) => path.startsWith('/') && !path.startsWith('//')))(
    'is signed as it is after history.pushState to %j',
    async (path) => {
      await page.goto(`${origin}/`);
      await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`);
      const shown = await location();
      expect(await signedUrl(shown)).toBe(shown.split('#')[0]);
    },
  );

  it.each(NORMALISED)('is signed only in that form for a link to %j', async (path) => {
    await expect(signedUrl(origin + path)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });

  it('contains neither user nor password', async () => {
    const link = origin.replace('//', '//user:password@');
    await page.goto(`${link}/`);
    expect(await location()).toBe(`${origin}/`);
    await expect(signedUrl(`${link}/`)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });
});
