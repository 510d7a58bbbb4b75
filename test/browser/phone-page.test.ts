// The phone in the browser, played as a newcomer plays it: by clicking, in a real Chromium.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import jsQR from 'jsqr';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { startStack, type Stack } from '../support/stack.ts';

const { PNG } = createRequire(import.meta.url)('pngjs') as {
  PNG: { sync: { read(png: Buffer): { data: Buffer; width: number; height: number } } };
};

let stack: Stack;
let browser: Browser;
let page: Page;
/** What the browser complained about: console errors, unhandled rejections. */
let complaints: string[];

beforeAll(async () => {
  browser = await launchChromium();
  stack = await startStack();
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(15_000);
  complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
});
afterEach(() => page.close());

const press = (name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
const webPage = () => page.locator('#web-page');
const phone = () => page.locator('#phone');
const idOn = (screen: ReturnType<typeof phone>) => screen.locator('dt:text-is("id") + dd').textContent();
const wire = () => page.locator('#wire').textContent();

async function open(): Promise<void> {
  await page.goto(stack.simulator);
  await webPage().locator('img').waitFor();
}

/** What the QR code on the page says, read from its pixels, as a phone would. */
async function scanned(): Promise<string | undefined> {
  const image = webPage().locator('img');
  const width = () => image.evaluate((node: unknown) => (node as { naturalWidth: number }).naturalWidth);
  await expect.poll(width).toBeGreaterThan(0);
  const png = PNG.sync.read(await image.screenshot());
  return jsQR.default(new Uint8ClampedArray(png.data), png.width, png.height)?.data;
}

describe('the phone in the browser', () => {
  it('logs the web page in by a scan: the first time through a registration, the second time at once', async () => {
    const created = page.waitForResponse(`${stack.http}/qr-login`);
    await open();
    const { content } = (await (await created).json()) as { content: string };
    expect(await scanned()).toBe(content);
    await page.getByText('pending', { exact: true }).waitFor();

    await press('Add person');
    await press(/^Scan the code/);
    await phone().locator('.bubble').getByText('wechat-lambda').waitFor();
    await page.getByText('unregistered', { exact: true }).waitFor();
    await press('Register');
    await page.getByText('registered', { exact: true }).waitFor();
    const id = await idOn(webPage());

    await press('Log out');
    await webPage().locator('img').waitFor();
    expect(await scanned()).not.toBe(content);
    await press(/^Scan the code/);
    await webPage().getByText('Logged in').waitFor();
    expect(await idOn(webPage())).toBe(id);
    await expect.poll(wire).toContain('/official-events SCAN');
    expect(complaints).toEqual([]);
  });

  it('logs in to the mini-program, and pays a coffee', async () => {
    await open();
    await press('Add person');
    await press(/^Open the mini-program/);
    await phone().getByText('user_').waitFor();
    await press(/^Buy a coffee/);
    await phone().getByText('¥18.00').waitFor();
    await press('Not now');
    await phone().getByText('NOTPAY').waitFor();
    await press(/^Buy a coffee/);
    await press('Pay');
    await phone().getByText('PAID', { exact: true }).waitFor();
    await phone().getByText('answered 204').waitFor();
    await expect.poll(wire).toContain('/pay-notify TRANSACTION.SUCCESS204');
    expect(complaints).toEqual([]);
  });

  it('keeps a phone for each person', async () => {
    await open();
    await press('Add person');
    await press(/^Open the mini-program/);
    await phone().getByText('user_').waitFor();
    const id = await idOn(phone());
    await page.getByLabel('Name of somebody new').fill('韩梅梅 <b>');
    await press('Add person');
    await phone().getByText('Hello, 韩梅梅 <b>').waitFor();
    await press(/^Buy a coffee/);
    await phone().getByText('¥18.00').waitFor();
    await press('Li Lei');
    expect(await idOn(phone())).toBe(id);
    expect(complaints).toEqual([]);
  });

  it('tells what failed, where it failed, and goes on from there', async () => {
    await open();
    await plan('qrcode/create', 'garbage');
    await press('New code');
    await webPage().getByText('502 WECHAT_UNAVAILABLE').waitFor();
    await press('Add person');
    await press(/^Scan the code/);
    await phone().getByText('NO_CODE').waitFor();
    await press('Try again');
    await webPage().locator('img').waitFor();

    await plan('jscode2session', '5xx');
    await press(/^Open the mini-program/);
    await phone().getByText('502 WECHAT_UNAVAILABLE').waitFor();
    await plan('notify', 'drop-notify');
    await press(/^Buy a coffee/);
    await press('Pay');
    await phone().getByText('was not sent').waitFor();
    await phone().getByText('PAID', { exact: true }).waitFor();
    expect(complaints.filter((text) => !text.includes('502'))).toEqual([]);
  });

  it('says so when the code on the page ends', async () => {
    await page.route(/\/qr-login$/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...((await response.json()) as object), expiresIn: 1 } });
    });
    await open();
    await page.getByText('expired', { exact: true }).waitFor();
    await webPage().getByRole('button', { name: 'New code' }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('says what is missing when no page may use the API from here', async () => {
    await page.goto(stack.simulator.replace('localhost', '127.0.0.1'));
    await webPage().getByText('UNREACHABLE').waitFor();
    await webPage().getByText('ALLOWED_ORIGINS').waitFor();
    expect(complaints.join()).toContain('blocked by CORS policy');
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
      const attempt = `fetch(${JSON.stringify(stack.http + path)}, ${JSON.stringify({ method, headers })})
        .then(({ status }) => status, ({ name }) => name)`;
      await page.goto(`http://localhost:${(stranger.address() as AddressInfo).port}/`);
      expect(await page.evaluate(attempt)).toBe('TypeError');
      expect(complaints.join()).toContain('blocked by CORS policy');
      // The same call, from the page that is allowed.
      await page.goto(stack.simulator);
      expect(await page.evaluate(attempt)).toBeTypeOf('number');
    } finally {
      stranger.close().closeAllConnections();
    }
  });
});

async function plan(target: string, action: string): Promise<void> {
  await page.request.post(`${stack.simulator}/_faults`, { data: { target, action, times: 1 } });
}
