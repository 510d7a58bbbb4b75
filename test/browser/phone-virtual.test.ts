// Virtual goods on the phone, and the console of virtual payment that shows them.
import { describe, expect, it } from 'vitest';
import { playPage } from './played-page.ts';

const play = playPage();
const { press } = play;

const phoneShows = (text: string | RegExp) => play.phone.getByText(text).first().waitFor();
const sold = (outTradeNo: string) => play.page.locator('#virtual li', { hasText: outTradeNo });
const consoleAnswer = () => play.page.locator('#virtual-status').textContent();

async function openSheet(yuan: string): Promise<void> {
  await press(/^Top up the wallet/);
  await play.phone.getByLabel(/in yuan$/).fill(yuan);
  await press('Top up 充值');
  await phoneShows('虚拟支付');
}

/** Tops the wallet up. @returns the order number */
async function topUp(yuan: string, pay: () => Promise<void> = () => press('Pay')): Promise<string> {
  await play.open();
  await press('Add person');
  await openSheet(yuan);
  await pay();
  await phoneShows(/^PAID$/);
  return (await play.phone.locator('dt:text-is("order") + dd').textContent())!;
}

async function expectBalance(text: string): Promise<void> {
  await expect
    .poll(async () => {
      await press(/^Top up the wallet/);
      await phoneShows('我的钱包');
      return play.phone.locator('.price').textContent();
    })
    .toBe(text);
}

describe('virtual payment on the phone', () => {
  it('credits the wallet once, also when WeChat delivers again', async () => {
    const outTradeNo = await topUp('12');
    await phoneShows('answered 200');
    await expect.poll(play.wire).toContain('/miniapp-events xpay_goods_deliver_notify');
    await sold(outTradeNo).getByText('delivered', { exact: true }).waitFor();
    expect(await sold(outTradeNo).textContent()).toContain('top-up × 12');
    await sold(outTradeNo).getByRole('button', { name: 'Deliver again' }).click();
    await expect.poll(consoleAnswer).toMatch(/answered 200.*"ErrCode":0/);
    await expectBalance('¥12.00');
    await press(/^Open my orders/);
    await phoneShows('Wallet top-up · ¥12.00');
    expect(play.browserErrors()).toEqual([]);
  });

  it('leaves the wallet as it is when the buyer cancels', async () => {
    await play.open();
    await press('Add person');
    await openSheet('5');
    await press('Cancel');
    await phoneShows('NOTPAY');
    await phoneShows('尚未支付');
    await expectBalance('¥0.00');
    expect(play.browserErrors(403)).toEqual([]);
  });

  it('asks for the payment of a new order when another login has replaced the session key', async () => {
    await play.open();
    const [created] = await Promise.all([play.page.waitForResponse(/\/_phone\/users$/), press('Add person')]);
    const { id } = (await created.json()) as { id: string };
    await openSheet('3');
    await play.control(`/_phone/users/${id}/login-code`, {});
    await press('Pay');
    await play.page.getByText('the session key was too old').waitFor();
    await press('Pay');
    await phoneShows(/^PAID$/);
    await expectBalance('¥3.00');
    expect(play.browserErrors(403)).toEqual([]);
  });

  it('sends no order for an amount that is no multiple of the step', async () => {
    const orders: string[] = [];
    play.page.on('request', (request) => request.url().endsWith('/pay/prepay') && orders.push(request.postData()!));
    await play.open();
    await press('Add person');
    await press(/^Top up the wallet/);
    await play.phone.getByLabel(/in yuan$/).fill('1.5');
    await press('Top up 充值');
    await openSheet('2');
    await phoneShows('¥2.00');
    expect(orders.map((body) => (JSON.parse(body) as { amountFen: number }).amountFen)).toEqual([200]);
  });

  it('offers multiples of the step when the range begins between two of them', async () => {
    await play.page.route('**/catalog', async (route) => {
      const response = await route.fetch();
      const { items } = (await response.json()) as { items: { sku: string }[] };
      const changed = items.map((item) => (item.sku === 'top-up' ? { ...item, minFen: 150 } : item));
      await route.fulfill({ response, json: { items: changed } });
    });
    await topUp('3');
    await expectBalance('¥3.00');
  });
});

describe('console of virtual payment', () => {
  it('takes a refund of WeChat out of the wallet', async () => {
    const outTradeNo = await topUp('12');
    await expectBalance('¥12.00');
    await sold(outTradeNo).getByRole('button', { name: 'Refund' }).click();
    await sold(outTradeNo).getByText('已退款 ¥12.00').waitFor();
    await expectBalance('¥0.00');
    expect(await sold(outTradeNo).locator('code').count()).toBe(0);
  });

  it('passes on the question and the refund of Apple, and offers no refund by the merchant', async () => {
    const outTradeNo = await topUp('6', async () => {
      await play.phone.getByLabel(/Through Apple/).check();
      await press('Pay');
    });
    await sold(outTradeNo).getByText('paid through Apple').waitFor();
    expect(await sold(outTradeNo).locator('code').count()).toBe(0);
    await expectBalance('¥6.00');
    await sold(outTradeNo).getByRole('button', { name: 'Apple asks' }).click();
    await expect.poll(consoleAnswer).toMatch(/answered 200.*"result_code":1/);
    await sold(outTradeNo).getByRole('button', { name: 'Apple refunds' }).click();
    await sold(outTradeNo).getByText('已退款 ¥6.00').waitFor();
    await expectBalance('¥0.00');
    expect(play.browserErrors()).toEqual([]);
  });

  it('shows a complaint with the commands that answer it', async () => {
    const outTradeNo = await topUp('8');
    await press(/^Complain/);
    await play.phone.getByLabel('What went wrong').fill('充值没有到账');
    await play.phone.getByLabel(/money back/).check();
    await press('Send');
    await phoneShows('PENDING');
    await phoneShows('answered 200');
    const complaint = play.page.locator('#complaints li', { hasText: outTradeNo });
    await complaint.locator('code').nth(2).waitFor();
    const commands = await complaint.locator('code').allTextContents();
    const [reply, refund] = commands as [string, string];
    expect(refund).toMatch(/pay-refund.*"amountFen":800/);
    await play.run(reply);
    await press('Refresh');
    await phoneShows('您好，我们马上处理。');
    await press(/^My complaint/);
    await phoneShows('充值没有到账');
    expect(await play.phone.getByRole('button', { name: /^Withdraw/ }).count()).toBe(0);
    await play.run(refund);
    await expectBalance('¥0.00');
    await play.run(commands[2]!);
    await complaint.getByText('PROCESSED').waitFor();
    expect(play.browserErrors()).toEqual([]);
  });
});
