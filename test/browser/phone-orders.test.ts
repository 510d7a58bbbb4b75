// The orders of a user on the phone, and the merchant console that answers them.
import { describe, expect, it } from 'vitest';
import { playPage } from './played-page.ts';

const play = playPage();
const { press, run } = play;

const phoneShows = (text: string | RegExp) => play.phone.getByText(text).first().waitFor();
const complaint = () => play.page.locator('#complaints li').first();

async function buyCoffee(): Promise<string> {
  await play.open();
  await press('Add person');
  await press(/^Buy a coffee/);
  await press('Pay');
  await phoneShows(/^PAID$/);
  return (await play.phone.locator('dt:text-is("order") + dd').textContent())!;
}

async function complain(text: string): Promise<void> {
  await press(/^Complain/);
  await play.phone.getByLabel('What went wrong').fill(text);
  await press('Send');
}

describe('complaint about an order', () => {
  it('is answered and refunded with the commands of the merchant console', async () => {
    const outTradeNo = await buyCoffee();
    await press(/^Complain/);
    await play.phone.getByLabel('What went wrong').fill('等了三天 <b>');
    await play.phone.getByLabel(/money back/).check();
    await press('Send');
    await phoneShows('PENDING');
    await expect.poll(play.wire).toContain('/pay-notify COMPLAINT.CREATE');
    await complaint().getByText('wants ¥18.00 back').waitFor();
    expect(await complaint().textContent()).toContain(`PENDING等了三天 <b>${outTradeNo}`);
    const commands = await complaint().locator('code').allTextContents();
    expect(commands.map((command) => /"action":"([^"]+)"/.exec(command)?.[1])).toEqual([
      'reply',
      'approve-refund',
      'complete',
    ]);
    await play.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await complaint().getByRole('button', { name: 'Copy' }).first().click();
    await expect.poll(() => play.page.evaluate('navigator.clipboard.readText()')).toBe(commands[0]);

    await run(commands[0]!);
    await press('Refresh');
    await phoneShows('您好，我们马上处理。');
    await run(commands[1]!);
    await complaint().getByText('PROCESSED').waitFor();
    await expect
      .poll(async () => {
        await press('Refresh');
        return play.phone.locator('.state').textContent();
      })
      .toBe('REFUNDED');
    expect(play.browserErrors()).toEqual([]);
  });

  it('is answered and withdrawn on the phone, which ends its commands', async () => {
    await buyCoffee();
    await complain('少了一杯');
    await press(/^My complaint/);
    await phoneShows('少了一杯');
    await play.phone.getByLabel('Answer').fill('请尽快');
    await press('Answer');
    await complaint().getByText('the buyer waits for an answer').waitFor();
    await press(/^My complaint/);
    await press(/^Withdraw/);
    await phoneShows('PROCESSED');
    await complaint().getByText('PROCESSED').waitFor();
    expect(await complaint().locator('code').count()).toBe(0);
    await press(/^Open my orders/);
    await press(/^Coffee/);
    await phoneShows('PROCESSED');
    expect(play.browserErrors()).toEqual([]);
  });
});

describe('shipping of an order', () => {
  it('follows the command of the merchant console, and pays the merchant after the receipt on the phone', async () => {
    const outTradeNo = await buyCoffee();
    const order = play.page.locator('#merchant li', { hasText: outTradeNo });
    await order.getByText('待结算 ¥18.00').waitFor();
    await run((await order.locator('code').textContent())!);
    await order.getByText('shipped', { exact: true }).waitFor();
    expect(await order.locator('code').count()).toBe(0);

    await press('Refresh');
    await phoneShows('On its way to you');
    await phoneShows('YTO YT1234567890123');
    await press(/^Confirm receipt/);
    await phoneShows('Completed');
    await order.getByText('已结算 ¥18.00').waitFor();
    await press(/^Open my orders/);
    await phoneShows('交易完成');
    expect(play.browserErrors()).toEqual([]);
  });
});
