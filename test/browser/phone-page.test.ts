// The page as a whole: its users, its error messages, and the access of other origins to the API.
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { playPage } from './played-page.ts';

const play = playPage();
const { press, idOn } = play;

describe('page of the simulator', () => {
  it('keeps a separate phone for each user', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the mini-program/);
    await play.phone.getByText('user_').waitFor();
    const id = await idOn(play.phone);
    await play.page.getByLabel('Name of the new user').fill('韩梅梅 <b>');
    await press('Add person');
    await play.phone.getByText('Hello, 韩梅梅 <b>').waitFor();
    await press(/^Buy a coffee/);
    await play.phone.getByText('¥18.00').waitFor();
    await press('Li Lei');
    expect(await idOn(play.phone)).toBe(id);
    expect(play.browserErrors()).toEqual([]);
  });

  it('shows each error in the part of the page that failed, and recovers from it', async () => {
    await play.open();
    await play.injectFault('qrcode/create', 'garbage');
    await press('New code');
    await play.webPage.getByText('502 WECHAT_UNAVAILABLE').waitFor();
    await press('Add person');
    await press(/^Scan the code/);
    await play.phone.getByText('NO_CODE').waitFor();
    await press('Try again');
    await play.webPage.locator('img').waitFor();

    await play.injectFault('jscode2session', '5xx');
    await press(/^Open the mini-program/);
    await play.phone.getByText('502 WECHAT_UNAVAILABLE').waitFor();
    await play.injectFault('notify', 'drop-notify');
    await press(/^Buy a coffee/);
    await press('Pay');
    await play.phone.getByText('was not sent').waitFor();
    await play.phone.getByText('PAID', { exact: true }).waitFor();
    expect(play.browserErrors(502)).toEqual([]);
  });

  it.each([1280, 390])('needs no horizontal scrolling at a width of %i pixels', async (width) => {
    await play.page.setViewportSize({ width, height: 800 });
    await play.open();
    await press('Add person');
    await press(/^Open the mini-program/);
    await play.phone.getByText('not bound').waitFor();
    expect(await play.page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  });

  it('names ALLOWED_ORIGINS when the API rejects the origin of the page', async () => {
    await play.page.goto(play.stack.simulator.replace('localhost', '127.0.0.1'));
    await play.webPage.getByText('UNREACHABLE').waitFor();
    await play.webPage.getByText('ALLOWED_ORIGINS').waitFor();
    expect(play.browserErrors().join()).toContain('blocked by CORS policy');
  });
});

// These calls need a CORS preflight. Unlike AWS, the local gateway also answers simple calls from a rejected origin.
describe('page of an origin outside ALLOWED_ORIGINS', () => {
  it.each([
    ['POST', '/qr-login', { 'Content-Type': 'application/json' }],
    ['GET', '/qr-login/any', { 'X-Poll-Token': 'any' }],
  ])('cannot call %s %s', async (method, path, headers) => {
    const otherSite = createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<link rel="icon" href="data:,">');
    }).listen(0, '127.0.0.1');
    await once(otherSite, 'listening');
    try {
      const attempt = `fetch(${JSON.stringify(play.stack.http + path)}, ${JSON.stringify({ method, headers })})
        .then(({ status }) => status, ({ name }) => name)`;
      await play.page.goto(`http://localhost:${(otherSite.address() as AddressInfo).port}/`);
      expect(await play.page.evaluate(attempt)).toBe('TypeError');
      expect(play.browserErrors().join()).toContain('blocked by CORS policy');
      // The same call succeeds from an allowed origin.
      await play.page.goto(play.stack.simulator);
      expect(await play.page.evaluate(attempt)).toBeTypeOf('number');
    } finally {
      otherSite.close().closeAllConnections();
    }
  });
});
