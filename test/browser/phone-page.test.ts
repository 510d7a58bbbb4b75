// The page as a whole: its people, what it says when something fails, and who else may call the API from a page.
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { playPage } from './played-page.ts';

const play = playPage();
const { press, idOn } = play;

describe('the phone in the browser', () => {
  it('keeps a phone for each person', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the mini-program/);
    await play.phone.getByText('user_').waitFor();
    const id = await idOn(play.phone);
    await play.page.getByLabel('Name of somebody new').fill('韩梅梅 <b>');
    await press('Add person');
    await play.phone.getByText('Hello, 韩梅梅 <b>').waitFor();
    await press(/^Buy a coffee/);
    await play.phone.getByText('¥18.00').waitFor();
    await press('Li Lei');
    expect(await idOn(play.phone)).toBe(id);
    expect(play.complaints()).toEqual([]);
  });

  it('tells what failed, where it failed, and goes on from there', async () => {
    await play.open();
    await play.plan('qrcode/create', 'garbage');
    await press('New code');
    await play.webPage.getByText('502 WECHAT_UNAVAILABLE').waitFor();
    await press('Add person');
    await press(/^Scan the code/);
    await play.phone.getByText('NO_CODE').waitFor();
    await press('Try again');
    await play.webPage.locator('img').waitFor();

    await play.plan('jscode2session', '5xx');
    await press(/^Open the mini-program/);
    await play.phone.getByText('502 WECHAT_UNAVAILABLE').waitFor();
    await play.plan('notify', 'drop-notify');
    await press(/^Buy a coffee/);
    await press('Pay');
    await play.phone.getByText('was not sent').waitFor();
    await play.phone.getByText('PAID', { exact: true }).waitFor();
    expect(play.complaints(502)).toEqual([]);
  });

  it.each([1280, 390])('needs no sideways scrolling %i pixels wide', async (width) => {
    await play.page.setViewportSize({ width, height: 800 });
    await play.open();
    await press('Add person');
    await press(/^Open the mini-program/);
    await play.phone.getByText('not bound').waitFor();
    expect(await play.page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  });

  it('says what is missing when no page may use the API from here', async () => {
    await play.page.goto(play.stack.simulator.replace('localhost', '127.0.0.1'));
    await play.webPage.getByText('UNREACHABLE').waitFor();
    await play.webPage.getByText('ALLOWED_ORIGINS').waitFor();
    expect(play.complaints().join()).toContain('blocked by CORS policy');
  });
});

// Calls that a browser asks leave for. The local gateway, unlike AWS, also answers strangers a call that needs none.
describe('a page of an origin that is not allowed', () => {
  it.each([
    ['POST', '/qr-login', { 'Content-Type': 'application/json' }],
    ['GET', '/qr-login/any', { 'X-Poll-Token': 'any' }],
  ])('gets nothing out of %s %s', async (method, path, headers) => {
    const stranger = createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<link rel="icon" href="data:,">');
    }).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    try {
      const attempt = `fetch(${JSON.stringify(play.stack.http + path)}, ${JSON.stringify({ method, headers })})
        .then(({ status }) => status, ({ name }) => name)`;
      await play.page.goto(`http://localhost:${(stranger.address() as AddressInfo).port}/`);
      expect(await play.page.evaluate(attempt)).toBe('TypeError');
      expect(play.complaints().join()).toContain('blocked by CORS policy');
      // The same call, from the page that is allowed.
      await play.page.goto(play.stack.simulator);
      expect(await play.page.evaluate(attempt)).toBeTypeOf('number');
    } finally {
      stranger.close().closeAllConnections();
    }
  });
});
