// The apps on the simulated phone: the mini-program, WeChat Pay, the chat of the official account, an H5 page. The
// official account is in secure mode, so the simulator decrypts every reply before it shows the reply.
import type { FrameLocator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { playPage } from './played-page.ts';

const token = 'theTokenOfTheConsole';
const play = playPage({ OFFICIAL_TOKEN: token });
const { press, idOn } = play;

const phoneShows = (text: string | RegExp) => play.phone.getByText(text).waitFor();

describe('mini-program on the phone', () => {
  it('logs a user in, binds a phone number and changes the nickname', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the mini-program/);
    await phoneShows('not bound');
    const id = await idOn(play.phone);
    await press('Bind phone');
    await phoneShows('Phone bound');
    // The phone, and the username of the same form.
    expect(await play.phone.getByText(/^138\*{4}\d{4}$/).count()).toBe(2);
    await press('Change name');
    await play.phone.getByLabel('New name').fill(' ');
    await press('Save');
    await phoneShows('400 PARAM_ERROR');
    await play.phone.getByLabel('New name').fill('李雷 <b>');
    await play.phone.getByLabel('New name').press('Enter');
    await phoneShows('李雷 <b>');
    expect(await idOn(play.phone)).toBe(id);
    expect(play.browserErrors(400)).toEqual([]);
  });

  it('shows PHONE_ALREADY_BOUND when another account has the phone number', async () => {
    await play.open();
    // Gives both users of the page the same phone number.
    await play.page.route(/\/_phone\/users$/, (route) =>
      route.continue({ postData: { nickname: 'Han Meimei', phone: '13800138000' } }),
    );
    await press('Add person');
    await press(/^Open the mini-program/);
    await press('Bind phone');
    await phoneShows('Phone bound');
    await press('Add person');
    await press(/^Open the mini-program/);
    await press('Bind phone');
    await phoneShows('409 PHONE_ALREADY_BOUND');
    await press('Change name');
    await press('Save');
    await phoneShows('Name changed');
    expect(await play.phone.getByText('409').count()).toBe(0);
    expect(play.browserErrors(409)).toEqual([]);
  });

  it('closes an account only while it has no open order', async () => {
    await play.open();
    await press('Add person');
    await press(/^Buy a coffee/);
    await press('Not now');
    await phoneShows('NOTPAY');
    await press(/^Open the mini-program/);
    await phoneShows('Welcome back');
    const id = await idOn(play.phone);
    await press('Close account');
    await press('Close it');
    await phoneShows('409 ORDER_STATE_CONFLICT');
    await press('Keep it');
    await phoneShows('Welcome back');

    await press('Add person');
    await press(/^Open the mini-program/);
    const other = await idOn(play.phone);
    await press('Close account');
    await press('Close it');
    await phoneShows('Account closed');
    await press(/^Open the mini-program/);
    await phoneShows('Welcome 欢迎');
    expect([id, other]).not.toContain(await idOn(play.phone));
    expect(play.browserErrors(409)).toEqual([]);
  });

  it('leaves a cancelled payment NOTPAY and shows a completed payment as PAID', async () => {
    await play.open();
    await press('Add person');
    await press(/^Buy a coffee/);
    await phoneShows('¥18.00');
    await press('Not now');
    await phoneShows('NOTPAY');
    await press(/^Buy a coffee/);
    await press('Pay');
    await phoneShows(/^PAID$/);
    await phoneShows('answered 204');
    await expect.poll(play.wire).toContain('/pay-notify TRANSACTION.SUCCESS204');
    expect(play.browserErrors()).toEqual([]);
  });

  it('shows an order as REFUNDED after a refund in the merchant console', async () => {
    await play.open();
    await press('Add person');
    await press(/^Buy a coffee/);
    await press('Pay');
    await phoneShows(/^PAID$/);
    const order = await play.phone.locator('dt:text-is("order") + dd').textContent();
    const line = play.page.locator('#merchant li', { hasText: order! });
    await line.getByRole('button', { name: 'Refund' }).click();
    await line.getByText('refunded', { exact: true }).waitFor();
    await expect.poll(play.wire).toContain('/pay-notify-v2');
    await expect
      .poll(async () => {
        await press('Refresh');
        return play.phone.locator('.state').textContent();
      })
      .toBe('REFUNDED');
    await phoneShows('Your money is back');
    expect(play.browserErrors()).toEqual([]);
  });
});

describe('chat of the official account', () => {
  const bubbles = () => play.phone.locator('.bubble').allTextContents();
  const sendMessage = async (text: string) => {
    await play.phone.getByLabel('Message').fill(text);
    await press('Send');
  };

  it('shows the replies of the account while the user follows it', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the official account/);
    await press('Follow');
    await expect.poll(bubbles).toEqual([expect.stringContaining('欢迎关注「wechat-lambda」')]);
    await sendMessage('怎么登录');
    await expect.poll(bubbles).toEqual([expect.anything(), '怎么登录', expect.stringContaining('扫描页面上的二维码')]);
    await press('HELP');
    await expect.poll(async () => (await bubbles()).at(3)).toContain('按提示操作即可登录');
    await expect.poll(play.wire).toContain('/official-events CLICK');
    await press('Unfollow');
    await phoneShows('You no longer follow the official account');
    expect(await play.phone.getByLabel('Message').count()).toBe(0);
    await press('Follow');
    await expect.poll(async () => (await bubbles()).at(4)).toContain('欢迎关注');
    expect(play.browserErrors()).toEqual([]);
  });

  it('shows the account as out of order while official-events rejects its pushes', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the official account/);
    await press('Follow');
    await play.phone.getByLabel('Message').waitFor();
    await play.control('/_official', { token: 'aDifferentToken' });
    try {
      await sendMessage('在吗');
      await phoneShows(/out of order: official-events returned HTTP 4\d\d$/);
    } finally {
      await play.control('/_official', { token });
    }
    await sendMessage('在吗');
    await phoneShows(/^已收到您的留言/);
    expect(play.browserErrors()).toEqual([]);
  });

  it.each([
    ['news', { articles: [{ title: '新品', description: '拿铁', url: 'https://your-site.example/new' }] }, '新品拿铁'],
    ['image', { mediaId: 'media-1' }, 'image media-1'],
    ['transfer_customer_service', {}, 'customer service'],
  ])('shows a reply of the type %s', async (type, fields, shown) => {
    await play.page.route(/\/message$/, async (route) => {
      const response = await route.fetch();
      const { push } = (await response.json()) as { push: object };
      await route.fulfill({ response, json: { push: { ...push, reply: { type, ...fields } } } });
    });
    await play.open();
    await press('Add person');
    await press(/^Open the official account/);
    await press('Follow');
    await sendMessage('今天有什么');
    await expect.poll(() => play.phone.locator('.chat').textContent()).toContain(shown);
    expect(play.browserErrors()).toEqual([]);
  });
});

describe('H5 page', () => {
  const site = (): FrameLocator => play.page.frameLocator('#phone iframe');
  const siteShows = (text: string) => site().getByText(text).waitFor();

  it('logs in with an HttpOnly cookie after consent, logs out, and stays logged out without consent', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the H5 page/);
    await press('Allow');
    await siteShows('Hello, Li Lei');
    const cookies = await play.page.context().cookies(play.stack.http);
    expect(cookies).toContainEqual(expect.objectContaining({ name: 'session', httpOnly: true, sameSite: 'Lax' }));
    await expect.poll(play.wire).toContain('/sns/userinfo');

    await site().getByRole('button', { name: 'Log out', exact: true }).click();
    await siteShows('Logged out');
    await site().getByRole('link').click();
    await press('Decline');
    await phoneShows('You declined. The site receives nothing.');
    expect(play.browserErrors()).toEqual([]);
  });

  it('logs out everywhere, which removes the cookie', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the H5 page/);
    await press('Allow');
    await siteShows('Hello, Li Lei');
    await site().getByRole('button', { name: 'Log out everywhere' }).click();
    await siteShows('Logged out');
    expect(await play.page.context().cookies(play.stack.http)).not.toContainEqual(
      expect.objectContaining({ name: 'session' }),
    );
    expect(play.browserErrors()).toEqual([]);
  });

  it('uses the account of the mini-program and asks each user for consent', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the mini-program/);
    await phoneShows('not bound');
    const id = await idOn(play.phone);
    await press(/^Open the H5 page/);
    await press('Allow');
    await siteShows(id ?? 'no id');

    await press('Add person');
    await press(/^Open the H5 page/);
    await press('Allow');
    await siteShows('Hello, Han Meimei');
    await press('Li Lei');
    await press('Allow');
    await siteShows(id ?? 'no id');
    expect(play.browserErrors()).toEqual([]);
  });

  it('shows WECHAT_UNAVAILABLE when WeChat fails the token request, and logs in at the next try', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the H5 page/);
    await play.injectFault('sns/oauth2/access_token', '5xx');
    await press('Allow');
    await siteShows('WECHAT_UNAVAILABLE');
    await siteShows('The login failed. Log in again later.');
    await site().getByRole('link').click();
    await press('Allow');
    await siteShows('Hello, Li Lei');
    // The page requests GET /me after the failed login.
    expect(play.browserErrors(401)).toEqual([]);
  });
});
