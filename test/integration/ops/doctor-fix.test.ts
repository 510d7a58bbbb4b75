// The checks of the doctor about shipping and complaints, and their repair.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { examineStage as examine } from './examine.ts';
import { startStage, type Stage } from './stage.ts';

describe('npm run doctor -- --fix', () => {
  const PAGE = 'pages/order/detail?outTradeNo=${商品订单号}';
  let shop: Stage;
  const control = async (method: 'GET' | 'POST', path: string, body?: object) => {
    const init = { method, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${shop.settings.WECHAT_API_BASE_URL}${path}`, init);
    return response.status === 204 ? undefined : ((await response.json()) as Record<string, unknown>);
  };
  const trade = (change: object) => control('POST', '/_merchant/trade', change);
  beforeAll(async () => {
    shop = await startStage({}, { newMerchant: true });
  });
  afterEach(async () => {
    shop.reset();
    await trade({ managed: true });
  });
  afterAll(() => shop.stop());

  it('sets the pages of orders and the address of complaints, which doctor alone only compares', async () => {
    const before = await control('GET', '/_merchant/trade');
    const compared = await examine(shop);
    expect(compared.rows).toMatchObject({
      '! complaint address': expect.stringMatching(/^is not registered: .* --fix registers http:\/\/localhost/),
      '! order page': `is not set → npm run doctor -- --fix sets ${PAGE}`,
      '– message page': expect.stringContaining(
        'WeChat does not return it → npm run doctor -- --fix sets pages/order/',
      ),
    });
    expect([compared.code, await control('GET', '/_merchant/trade')]).toEqual([0, before]);

    const fixed = await examine(shop, ['--fix']);
    expect([fixed.code, fixed.stderr]).toEqual([0, '']);
    expect(fixed.stdout).toMatch(
      /✓ order page +changed to pages\/order\/detail\?outTradeNo=\$\{商品订单号\}; before: none/,
    );
    expect(fixed.stdout).toMatch(/✓ complaint address +changed to http:\/\/localhost:\d+\/pay-notify; before: none/);
    expect(fixed.stdout).toMatch(/✓ message page +set to pages\/order\/detail; before: unknown/);
    expect(await control('GET', '/_merchant/trade')).toMatchObject({
      orderDetailPath: PAGE,
      messagePath: 'pages/order/detail',
    });

    const again = await examine(shop, ['--fix']);
    expect(again.stdout).toMatch(/✓ order page +pages\/order\/detail\?outTradeNo=/);
  });

  it('replaces the order page of an earlier release, and names the earlier page', async () => {
    await examine(shop, ['--fix']);
    shop.variables.MINIAPP_ORDER_PAGE = 'pages/orders/one';
    expect((await examine(shop)).rows['! order page']).toContain(
      `is ${PAGE} → npm run doctor -- --fix sets pages/orders/one?`,
    );
    expect((await examine(shop, ['--fix'])).stdout).toContain(`; before: ${PAGE}`);
  });

  it('keeps an order page that was set by hand, without a MINIAPP_ORDER_PAGE', async () => {
    await examine(shop, ['--fix']);
    const { orderDetailPath } = (await control('GET', '/_merchant/trade'))!;
    shop.variables.MINIAPP_ORDER_PAGE = '';
    expect((await examine(shop, ['--fix'])).rows).toMatchObject({
      '– order page': `${orderDetailPath as string}, set by hand`,
      '– message page': 'MINIAPP_ORDER_PAGE is not set',
    });
    expect(await control('GET', '/_merchant/trade')).toMatchObject({ orderDetailPath });
  });

  it('registers the address of complaints, and replaces the address of another system', async () => {
    const { PAY_NOTIFY_URL: url } = shop.variables;
    await examine(shop, ['--fix']);
    expect((await examine(shop)).stdout).toMatch(new RegExp(`✓ complaint address +${url}$`, 'm'));

    shop.variables.PAY_NOTIFY_URL = 'https://pay.example.com/pay-notify';
    const { code, rows } = await examine(shop);
    expect([code, rows['! complaint address']]).toEqual([
      0,
      `is ${url}: another system gets the notifications → npm run doctor -- --fix replaces it by https://pay.example.com/pay-notify`,
    ]);
    const { stdout } = await examine(shop, ['--fix']);
    expect(stdout).toContain(`changed to https://pay.example.com/pay-notify; before: ${url}`);
    expect((await examine(shop)).stdout).toMatch(/✓ complaint address +https:\/\/pay\.example\.com\/pay-notify$/m);
  });

  it('registers no address that WeChat Pay does not accept', async () => {
    shop.variables.PAY_NOTIFY_URL = 'https://pay.example.com/n?a=b';
    const { code, rows } = await examine(shop, ['--fix']);
    expect([code, rows['✗ complaint address']]).toEqual([
      1,
      `PAY_NOTIFY_URL must be an https address without ? and #: WeChat Pay takes no other → PAY_NOTIFY_URL in .env.<stage>`,
    ]);
  });

  it('fails while WeChat manages the trade and ORDER_SHIPPING is off', async () => {
    shop.variables.ORDER_SHIPPING = 'off';
    const { code, rows } = await examine(shop);
    expect([code, rows['✗ trade management']]).toEqual([
      1,
      expect.stringContaining('the money of each order stays frozen'),
    ]);
    await trade({ managed: false });
    expect((await examine(shop)).rows['– trade management']).toBe('off: WeChat does not freeze the money of orders');
  });

  it('fails and changes nothing on a machine that is not on the allowlist of WeChat', async () => {
    const refuse = () =>
      control('POST', '/_faults', { target: 'stable_token', action: 'errcode', errcode: 40164, times: 1 });
    await refuse();
    const { code, rows } = await examine(shop);
    expect([code, rows['! call of WeChat']]).toEqual([
      0,
      expect.stringMatching(/not checked: .*1\.2\.3\.4.*IP 白名单/),
    ]);
    await refuse();
    const fixed = await examine(shop, ['--fix']);
    expect([fixed.code, fixed.rows['✗ call of WeChat']]).toEqual([1, expect.stringContaining('IP 白名单')]);
  });

  it('warns of a mini-program that has not opened the order shipping management', async () => {
    const close = () =>
      control('POST', '/_faults', { target: 'is_trade_managed', action: 'errcode', errcode: 48001, times: 1 });
    await close();
    const { code, rows } = await examine(shop);
    expect([code, rows['! trade management']]).toEqual([
      0,
      expect.stringContaining('open 发货信息管理 in the console'),
    ]);
    await close();
    expect((await examine(shop, ['--fix'])).rows).toHaveProperty('✗ trade management');
  });

  it('checks no shipping without a mini-program or a merchant', async () => {
    shop.variables.PAY_MCH_ID = '';
    expect((await examine(shop)).stdout).toMatch(/shipping\n {2}– not set up +PAY_MCH_ID is not set/);
  });
});
