// What the phone opens: the mini-program, WeChat Pay, the chat of the official account, an H5 page. Pushes and replies
// are encrypted here, so that what the person reads was opened by WeChat.
import type { FrameLocator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { playPage } from './played-page.ts';

const token = 'theTokenOfTheConsole';
const play = playPage({ OFFICIAL_MODE: 'secure', OFFICIAL_TOKEN: token });
const { press, idOn } = play;

const phoneSays = (text: string | RegExp) => play.phone.getByText(text).waitFor();

describe('the mini-program', () => {
  it('logs in, binds a phone, changes the name', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the mini-program/);
    await phoneSays('not bound');
    const id = await idOn(play.phone);
    await press('Bind phone');
    await phoneSays(/^138\*{4}\d{4}$/);
    await phoneSays(/^138\d{8}$/);
    await press('Change name');
    await play.phone.getByLabel('New name').fill(' ');
    await press('Save');
    await phoneSays('400 PARAM_ERROR');
    await play.phone.getByLabel('New name').fill('李雷 <b>');
    await play.phone.getByLabel('New name').press('Enter');
    await phoneSays('李雷 <b>');
    expect(await idOn(play.phone)).toBe(id);
    expect(play.complaints(400)).toEqual([]);
  });

  it('says when somebody else has the phone', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the mini-program/);
    await press('Bind phone');
    const username = await play.phone.getByText(/^138\d{8}$/).textContent();
    // The next person of this page has the same number.
    await play.page.route(/\/_phone\/users$/, (route) =>
      route.continue({ postData: { nickname: 'Han Meimei', phone: username } }),
    );
    await press('Add person');
    await press(/^Open the mini-program/);
    await press('Bind phone');
    await phoneSays('409 PHONE_ALREADY_BOUND');
    await press('Change name');
    await press('Save');
    await phoneSays('Name changed');
    expect(await play.phone.getByText('409').count()).toBe(0);
    expect(play.complaints(409)).toEqual([]);
  });

  it('closes an account, but not while an order is open', async () => {
    await play.open();
    await press('Add person');
    await press(/^Buy a coffee/);
    await press('Not now');
    await phoneSays('NOTPAY');
    await press(/^Open the mini-program/);
    await phoneSays('Welcome back');
    const id = await idOn(play.phone);
    await press('Close account');
    await press('Close it');
    await phoneSays('409 ORDER_STATE_CONFLICT');
    await press('Keep it');
    await phoneSays('Welcome back');

    await press('Add person');
    await press(/^Open the mini-program/);
    const other = await idOn(play.phone);
    await press('Close account');
    await press('Close it');
    await phoneSays('Account closed');
    await press(/^Open the mini-program/);
    await phoneSays('Welcome 欢迎');
    expect([id, other]).not.toContain(await idOn(play.phone));
    expect(play.complaints(409)).toEqual([]);
  });

  it('sells a coffee', async () => {
    await play.open();
    await press('Add person');
    await press(/^Buy a coffee/);
    await phoneSays('¥18.00');
    await press('Not now');
    await phoneSays('NOTPAY');
    await press(/^Buy a coffee/);
    await press('Pay');
    await phoneSays(/^PAID$/);
    await phoneSays('answered 204');
    await expect.poll(play.wire).toContain('/pay-notify TRANSACTION.SUCCESS204');
    expect(play.complaints()).toEqual([]);
  });

  it('gives the money back when the merchant console says so', async () => {
    await play.open();
    await press('Add person');
    await press(/^Buy a coffee/);
    await press('Pay');
    await phoneSays(/^PAID$/);
    const order = await play.phone.locator('dt:text-is("order") + dd').textContent();
    const line = play.page.locator('#merchant li', { hasText: order! });
    await line.getByRole('button', { name: 'Refund' }).click();
    await line.getByText('refunded', { exact: true }).waitFor();
    await expect.poll(play.wire).toContain('/pay-notify-v2');
    await expect
      .poll(async () => {
        await press('Ask again');
        return play.phone.locator('.state').textContent();
      })
      .toBe('REFUNDED');
    await phoneSays('Your money is back');
    expect(play.complaints()).toEqual([]);
  });
});

describe('the chat of the official account', () => {
  const bubbles = () => play.phone.locator('.bubble').allTextContents();
  const say = async (text: string) => {
    await play.phone.getByLabel('Message').fill(text);
    await press('Send');
  };

  it('shows what the account replies, as long as the person follows it', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the official account/);
    await press('Follow');
    await expect.poll(bubbles).toEqual([expect.stringContaining('欢迎关注「wechat-lambda」')]);
    await say('怎么登录');
    await expect.poll(bubbles).toEqual([expect.anything(), '怎么登录', expect.stringContaining('扫描页面上的二维码')]);
    await press('HELP');
    await expect.poll(async () => (await bubbles()).at(3)).toContain('扫描二维码即可登录');
    await expect.poll(play.wire).toContain('/official-events CLICK');
    await press('Unfollow');
    await phoneSays('You no longer follow the official account');
    expect(await play.phone.getByLabel('Message').count()).toBe(0);
    await press('Follow');
    await expect.poll(async () => (await bubbles()).at(4)).toContain('欢迎关注');
    expect(play.complaints()).toEqual([]);
  });

  it('says when the account is out of order', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the official account/);
    await press('Follow');
    await play.phone.getByLabel('Message').waitFor();
    await play.control('/_official', { token: 'aTokenThatNobodyToldUs' });
    try {
      await say('在吗');
      await phoneSays(/out of order: official-events said HTTP 4\d\d$/);
    } finally {
      await play.control('/_official', { token });
    }
    await say('在吗');
    await phoneSays(/^已收到您的留言/);
    expect(play.complaints()).toEqual([]);
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
    await say('今天有什么');
    await expect.poll(() => play.phone.locator('.chat').textContent()).toContain(shown);
    expect(play.complaints()).toEqual([]);
  });
});

describe('the H5 page', () => {
  const site = (): FrameLocator => play.page.frameLocator('#phone iframe');
  const siteSays = (text: string) => site().getByText(text).waitFor();

  it('is logged in by a cookie after the person agreed, and logged out again', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the H5 page/);
    await press('Allow');
    await siteSays('Hello, Li Lei');
    const cookies = await play.page.context().cookies(play.stack.http);
    expect(cookies).toContainEqual(expect.objectContaining({ name: 'session', httpOnly: true, sameSite: 'Lax' }));
    await expect.poll(play.wire).toContain('/sns/userinfo');

    await site().getByRole('button', { name: 'Log out' }).click();
    await siteSays('Logged out');
    await site().getByRole('link').click();
    await press('Refuse');
    await phoneSays('You refused: the site learns nothing of you.');
    expect(play.complaints()).toEqual([]);
  });

  it('is the same account as in the mini-program, and asks each person anew', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the mini-program/);
    await phoneSays('not bound');
    const id = await idOn(play.phone);
    await press(/^Open the H5 page/);
    await press('Allow');
    await siteSays(id ?? 'no id');

    await press('Add person');
    await press(/^Open the H5 page/);
    await press('Allow');
    await siteSays('Hello, Han Meimei');
    await press('Li Lei');
    await press('Allow');
    await siteSays(id ?? 'no id');
    expect(play.complaints()).toEqual([]);
  });

  it('shows the error of the API when WeChat does not answer', async () => {
    await play.open();
    await press('Add person');
    await press(/^Open the H5 page/);
    await play.plan('sns/oauth2/access_token', '5xx');
    await press('Allow');
    await siteSays('WECHAT_UNAVAILABLE');
    expect(play.complaints(502)).toEqual([]);
  });
});
