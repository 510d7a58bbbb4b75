// Content that users give to the mini-program: the picture, the name, and messages to the customer service.
import { describe, expect, it } from 'vitest';
import { playPage } from './played-page.ts';

const play = playPage();
const { press } = play;

const phoneShows = (text: string | RegExp) => play.phone.getByText(text).waitFor();

async function openMiniProgram(): Promise<void> {
  await play.open();
  await press('Add person');
  await press(/^Open the mini-program/);
}

describe('picture and name in the mini-program', () => {
  const picture = () => play.phone.getByAltText('Avatar').getAttribute('src');
  const setDelay = (mediaDelayMs: number) =>
    play.page.request.put(`${play.stack.simulator}/_content-check`, { data: { mediaDelayMs } });
  const choose = async (label: string) => {
    await press('Choose avatar');
    await press(label);
  };

  it('shows the former picture while WeChat checks the new one, and the new one afterwards', async () => {
    await openMiniProgram();
    await phoneShows('not bound');
    expect(await play.phone.getByAltText('Avatar').count()).toBe(0);
    await choose('A harmless picture');
    await phoneShows('Picture changed');
    const former = await picture();

    await setDelay(60_000);
    try {
      await choose('A harmless picture');
      await phoneShows('WeChat checks the new picture');
      expect(await picture()).toBe(former);
      await play.control('/_clock', { advanceMs: 60_000 });
      await phoneShows('Picture changed');
      expect(await picture()).not.toBe(former);
      expect(await play.phone.getByText('WeChat checks').count()).toBe(0);
    } finally {
      await setDelay(1_000);
    }
    // The browser can load the picture.
    await expect.poll(() => play.page.evaluate(`document.querySelector('img.face').naturalWidth`)).toBeGreaterThan(0);
    expect(play.browserErrors()).toEqual([]);
  });

  it('keeps the former picture when WeChat refuses the new one, which is refused at once the next time', async () => {
    await openMiniProgram();
    await choose('A harmless picture');
    await phoneShows('Picture changed');
    const former = await picture();
    await choose('A risky picture');
    await phoneShows('WeChat refused the new picture');
    expect(await picture()).toBe(former);
    await choose('A risky picture');
    await phoneShows('400 CONTENT_REFUSED');
    await press(/^Open the mini-program/);
    await phoneShows('Welcome back');
    expect(await picture()).toBe(former);
    expect(play.browserErrors(400)).toEqual([]);
  });

  it('keeps the former name when WeChat refuses the new one', async () => {
    await openMiniProgram();
    const rename = async (name: string) => {
      await play.phone.getByLabel('New name').fill(name);
      await press('Save');
    };
    await press('Change name');
    await rename('李雷');
    await phoneShows('Name changed');
    await press('Change name');
    await rename('一起赌博');
    await phoneShows('400 CONTENT_REFUSED');
    await phoneShows('choose another nickname');
    await press(/^Open the mini-program/);
    await phoneShows('Welcome back');
    expect(await play.phone.locator('dt:text-is("nickname") + dd').textContent()).toBe('李雷');
    expect(play.browserErrors(400)).toEqual([]);
  });
});

describe('customer service of the mini-program', () => {
  it('greets the user, answers a keyword, and passes another message to the customer-service tool', async () => {
    const bubbles = () => play.phone.locator('.bubble').allTextContents();
    const send = async (text: string) => {
      await play.phone.getByLabel('Message to the customer service').fill(text);
      await press('Send');
    };
    await openMiniProgram();
    await press('Customer service');
    await expect.poll(bubbles).toEqual([expect.stringContaining('这里是「wechat-lambda」的客服')]);
    await send('帮助');
    await expect
      .poll(bubbles)
      .toEqual([expect.anything(), '帮助', expect.stringContaining('请直接在这里留言，并写明订单号')]);
    await send('订单 <b> 在哪');
    await phoneShows('The customer service takes over');
    expect((await bubbles()).slice(3)).toEqual(['订单 <b> 在哪']);
    await press(/^Open the mini-program/);
    await phoneShows('Welcome back');
    expect(play.browserErrors()).toEqual([]);
  });
});
