// Scan login on the web page, with a code of the official account and with a code of the mini-program.
import { createRequire } from 'node:module';
import jsQR from 'jsqr';
import { describe, expect, it } from 'vitest';
import { playPage } from './played-page.ts';

const { PNG } = createRequire(import.meta.url)('pngjs') as {
  PNG: { sync: { read(png: Buffer): { data: Buffer; width: number; height: number } } };
};

const play = playPage();
const { press, idOn } = play;

/** Decodes the QR code on the page from its pixels, as a phone does. */
async function codeOnPage(): Promise<string | undefined> {
  const image = play.webPage.locator('img');
  const width = () => image.evaluate((node: unknown) => (node as { naturalWidth: number }).naturalWidth);
  await expect.poll(width).toBeGreaterThan(0);
  const png = PNG.sync.read(await image.screenshot());
  return jsQR.default(new Uint8ClampedArray(png.data), png.width, png.height)?.data;
}

const webPageShows = (text: string) => play.webPage.getByText(text).waitFor();
const stateShows = (word: string) => play.page.getByText(word, { exact: true }).waitFor();

async function showMiniProgramCode(): Promise<void> {
  await play.open();
  await press(/^Mini-program/);
  await play.webPage.locator('img[src^="data:image/"]').waitFor();
}

describe('scan login with a code of the official account', () => {
  it('registers a new user at the first scan and logs the user in at the second scan', async () => {
    const created = play.page.waitForResponse(`${play.stack.http}/qr-login`);
    await play.open();
    const { content } = (await (await created).json()) as { content: string };
    expect(await codeOnPage()).toBe(content);
    await stateShows('pending');

    await press('Add person');
    await press(/^Scan the code/);
    const question = play.phone.locator('.bubble').getByText('wechat-lambda');
    for (const fact of [/北京时间/, /IP 127\.0\.0\.1/, /浏览器：Chrome · \w+/])
      await question.and(play.phone.getByText(fact)).waitFor();
    await stateShows('scanned');
    await webPageShows('Confirm on your phone.');
    await press('确认登录');
    await stateShows('unregistered');
    await play.phone.locator('.bubble.mine').getByText('确认登录').waitFor();
    await press('Register');
    await stateShows('registered');
    const id = await idOn(play.webPage);

    await press('Log out');
    await play.webPage.locator('img').waitFor();
    expect(await codeOnPage()).not.toBe(content);
    await press(/^Scan the code/);
    await play.phone.getByRole('button', { name: '确认登录' }).last().click();
    await webPageShows('Logged in');
    expect(await idOn(play.webPage)).toBe(id);
    await expect.poll(play.wire).toContain('/official-events SCAN');

    await play.phone.getByRole('button', { name: '不是我' }).last().click();
    await play.phone.locator('.bubble').getByText('已取消').waitFor();
    await press('Log out');
    await webPageShows('401 UNAUTHENTICATED');
    expect(play.browserErrors(401)).toEqual([]);
  });

  it('expires the code when the user refuses, also by a text', async () => {
    await play.open();
    await press('Add person');
    await press(/^Scan the code/);
    await press('拒绝');
    await stateShows('expired');
    await press('New code');
    await play.webPage.locator('img').waitFor();
    await press(/^Scan the code/);
    await play.phone.getByLabel('Message').fill('2');
    await press('Send');
    await stateShows('expired');
    expect(play.browserErrors(410)).toEqual([]);
  });
});

describe('scan login with a code of the mini-program', () => {
  it('logs the page in when the user confirms on the phone', async () => {
    await showMiniProgramCode();
    expect(await codeOnPage()).toMatch(/^http:\/\/weixin\.qq\.com\/m\//);
    await press('Add person');
    await press(/^Scan the code/);
    await play.phone.getByText('Log in to wechat-lambda?').waitFor();
    await play.phone
      .locator('dt:text-is("browser") + dd')
      .getByText(/^Chrome · \w+$/)
      .waitFor();
    await play.phone.locator('dt:text-is("place") + dd').getByText('unknown').waitFor();
    await webPageShows('Confirm on your phone.');
    await stateShows('scanned');

    await press('Confirm');
    await play.phone.getByText('Confirmed').waitFor();
    await webPageShows('Logged in');
    const id = await idOn(play.webPage);
    await press(/^Open the mini-program/);
    await play.phone.getByText('Welcome back').waitFor();
    expect(await idOn(play.phone)).toBe(id);
    expect(play.browserErrors()).toEqual([]);
  });

  it('expires the code when the user cancels', async () => {
    await showMiniProgramCode();
    await press('Add person');
    await press(/^Scan the code/);
    await press('Cancel');
    await play.phone.getByText('Cancelled').waitFor();
    await stateShows('expired');
    await press('New code');
    await play.webPage.locator('img[src^="data:image/"]').waitFor();
    expect(play.browserErrors(410)).toEqual([]);
  });

  it('accepts only the user who scanned first', async () => {
    // Hides the scan from the page, so that the page keeps showing the code.
    await play.page.route(/\/qr-login\/[\w-]+$/, async (route) => {
      await route.fulfill({ response: await route.fetch(), json: { status: 'pending' } });
    });
    await showMiniProgramCode();
    await press('Add person');
    await press(/^Scan the code/);
    await play.phone.getByText('Log in to').waitFor();
    await press('Add person');
    await press(/^Scan the code/);
    await play.phone.getByText('410 TICKET_EXPIRED').waitFor();
    await press('Li Lei');
    await press('Confirm');
    await play.phone.getByText('Confirmed').waitFor();
    expect(play.browserErrors(410)).toEqual([]);
  });
});

it('shows the code on the page as expired after its lifetime', async () => {
  await play.page.route(/\/qr-login$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...((await response.json()) as object), expiresIn: 1 } });
  });
  await play.open();
  await stateShows('expired');
  await play.webPage.getByRole('button', { name: 'New code' }).waitFor();
  expect(play.browserErrors()).toEqual([]);
});
