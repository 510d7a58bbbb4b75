// Payments over HTTP: every trade type, the caller's orders, refunds of both kinds, and operator functions.
import { describe, expect, inject, it } from 'vitest';
import { api, merchant, operator, phone } from '../support/client.ts';

const login = async () => {
  const person = await phone.newPerson();
  const { body } = await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } });
  return { person, token: body.token as string };
};
type Buyer = Awaited<ReturnType<typeof login>>;

const order = ({ token }: Buyer, purchase: object = {}, headers: Record<string, string> = {}) =>
  api('POST', '/pay/prepay', { token, headers, body: { sku: 'coffee', tradeType: 'JSAPI', ...purchase } });
const read = async ({ token }: Buyer, outTradeNo: string) =>
  (await api('GET', `/pay/orders/${outTradeNo}`, { token })).body.order;

/** Orders a coffee and pays the order. */
async function paidCoffee() {
  const buyer = await login();
  const { body } = await order(buyer);
  await phone.act(buyer.person, 'pay', { prepayId: body.payment.package });
  const { outTradeNo } = body.order as { outTradeNo: string };
  expect(await read(buyer, outTradeNo)).toMatchObject({ state: 'PAID' });
  return { buyer, outTradeNo };
}

describe('GET /catalog', () => {
  it('lists the items without a session, and caches may keep the answer for 60 s', async () => {
    const { status, headers, body } = await api('GET', '/catalog');
    expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=60']);
    // Other tests add items.
    const [coffee, topUp] = ['coffee', 'top-up'].map((sku) =>
      body.items.find((item: { sku: string }) => item.sku === sku),
    );
    expect([coffee, topUp]).toEqual([
      {
        sku: 'coffee',
        description: 'Coffee',
        kind: 'goods',
        unitFen: 1_800,
        virtualGood: false,
        delivery: 'express',
      },
      {
        sku: 'top-up',
        description: 'Wallet top-up',
        kind: 'wallet-topup',
        minFen: 100,
        maxFen: 500_000,
        stepFen: 100,
        virtualGood: true,
        delivery: 'virtual',
      },
    ]);
  });
});

describe('POST /pay/prepay', () => {
  it('keeps the attach in every answer about the order', async () => {
    const buyer = await login();
    const { body } = await order(buyer, { attach: '桌号 7' });
    expect(body.order).toMatchObject({ attach: '桌号 7' });
    expect(await read(buyer, body.order.outTradeNo)).toMatchObject({ attach: '桌号 7' });
    const { orders } = (await api('GET', '/pay/orders', { token: buyer.token })).body;
    expect(orders).toMatchObject([{ attach: '桌号 7' }]);
    expect((await order(buyer)).body.order).toMatchObject({ attach: null });
  });

  it('NATIVE returns a code that another phone can pay', async () => {
    const [buyer, friend] = [await login(), await phone.newPerson()];
    const { status, body } = await order(buyer, { tradeType: 'NATIVE' });
    expect(status).toBe(201);
    expect(Object.keys(body.payment)).toEqual(['codeUrl']);
    expect(await phone.act(friend, 'scan', { content: body.payment.codeUrl })).toMatchObject({ amountFen: 1800 });
    await phone.act(friend, 'pay', { codeUrl: body.payment.codeUrl });
    expect(await read(buyer, body.order.outTradeNo)).toMatchObject({ state: 'PAID' });
  });

  it('H5 returns a link to allowed origins and to clients without an origin', async () => {
    const buyer = await login();
    const [origin] = ['http://localhost'].map((host) => `${host}:${new URL(inject('stack').http).port}`);
    for (const headers of [{}, { origin: origin! }] as Record<string, string>[]) {
      const { status, body } = await order(buyer, { tradeType: 'H5' }, headers);
      expect(status).toBe(201);
      expect(body.payment.h5Url).toMatch(/^https:/);
      await phone.act(buyer.person, 'pay', { h5Url: body.payment.h5Url });
      expect(await read(buyer, body.order.outTradeNo)).toMatchObject({ state: 'PAID' });
    }
    const elsewhere = await order(buyer, { tradeType: 'H5' }, { origin: 'https://elsewhere.example' });
    expect(elsewhere).toMatchObject({ status: 403, body: { code: 'ORIGIN_NOT_ALLOWED' } });
  });

  it.each([
    [{ tradeType: 'APP' }, 'PARAM_ERROR'],
    [{ tradeType: 'JSAPI', app: 'official-account' }, 'PARAM_ERROR'],
    [{ quantity: 0 }, 'PARAM_ERROR'],
    [{ sku: 'top-up', amountFen: 500 }, 'VIRTUAL_PAYMENT_REQUIRED'],
    [{ sku: 'top-up', amountFen: 99, tradeType: 'VIRTUAL' }, 'PARAM_ERROR'],
    [{ sku: 'top-up', amountFen: 99, tradeType: 'NATIVE' }, 'PARAM_ERROR'],
    [{ sku: 'top-up', amountFen: 150, tradeType: 'VIRTUAL' }, 'PARAM_ERROR'],
    [{ tradeType: 'VIRTUAL' }, 'PARAM_ERROR'],
    [{ amountFen: 1_801 }, 'PARAM_ERROR'],
    [{ attach: '桌'.repeat(43) }, 'PARAM_ERROR'],
    [{ attach: 'table 😀' }, 'PARAM_ERROR'],
    [{ attach: 'table\n7' }, 'PARAM_ERROR'],
  ])('rejects %j with %s', async (purchase, code) => {
    expect((await order(await login(), purchase)).body).toMatchObject({ code });
  });

  it('a declined prepay hides the sentence of WeChat from the buyer', async () => {
    await phone.fault('create', 'collection-restricted');
    const { status, body } = await order(await login());
    expect([status, body.code]).toEqual([503, 'WECHAT_CONFIG']);
    expect(JSON.stringify(body)).not.toMatch(/[\u4E00-\u9FFF]/);
  });
});

describe('orders of the caller', () => {
  it('are listed newest first, and only for their owner', async () => {
    const buyer = await login();
    const numbers: string[] = [];
    for (let made = 0; made < 3; made += 1) numbers.push((await order(buyer)).body.order.outTradeNo as string);
    const { status, body } = await api('GET', '/pay/orders', { token: buyer.token });
    expect(status).toBe(200);
    expect(body.orders.map(({ outTradeNo }: { outTradeNo: string }) => outTradeNo)).toEqual(numbers.toReversed());
    expect(body.cursor).toBeNull();
    expect((await api('GET', '/pay/orders', { token: (await login()).token })).body.orders).toEqual([]);
    expect(await api('GET', '/pay/orders?cursor=x', { token: buyer.token })).toMatchObject({ status: 400 });
  });

  it('can be closed by their owner while they are open', async () => {
    const buyer = await login();
    const { outTradeNo } = (await order(buyer)).body.order as { outTradeNo: string };
    const close = (token: string) => api('POST', `/pay/orders/${outTradeNo}/close`, { token });
    expect(await close((await login()).token)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await close(buyer.token)).toMatchObject({ status: 200, body: { order: { state: 'CLOSED' } } });
    expect(await close(buyer.token)).toMatchObject({ status: 200, body: { order: { state: 'CLOSED' } } });
    const paid = await paidCoffee();
    const path = `/pay/orders/${paid.outTradeNo}/close`;
    const rejection = { status: 409, body: { code: 'ORDER_STATE_CONFLICT', detail: { state: 'PAID' } } };
    expect(await api('POST', path, { token: paid.buyer.token })).toMatchObject(rejection);
  });
});

describe('refunds', () => {
  it('pay-refund refunds a part, then the rest, and rejects more', async () => {
    const { buyer, outTradeNo } = await paidCoffee();
    const refund = (amountFen: number) =>
      operator('pay-refund', { outTradeNo, outRefundNo: `${outTradeNo.slice(-12)}-${amountFen}`, amountFen });
    expect(await refund(800)).toMatchObject({ refund: { status: 'PROCESSING', amountFen: 800 } });
    expect(await read(buyer, outTradeNo)).toMatchObject({ state: 'REFUNDING', refundedFen: 0 });
    await phone.advanceClock(2_000);
    await expect.poll(() => read(buyer, outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 800 });
    await refund(1_000);
    await phone.advanceClock(2_000);
    await expect.poll(() => read(buyer, outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 1800 });
    expect(await refund(1)).toMatchObject({ errorMessage: expect.stringContaining('exceeds detail.leftFen') });
  });

  it('pay-refund reports the sentence of WeChat about a declined refund', async () => {
    const { outTradeNo } = await paidCoffee();
    await phone.fault('refund', 'refund-not-enough');
    const refund = { outTradeNo, outRefundNo: `${outTradeNo.slice(-12)}-declined`, amountFen: 1_000 };
    const { errorMessage } = (await operator('pay-refund', refund)) as { errorMessage: string };
    expect(errorMessage).toMatch(/recharge the merchant account.* WeChat: 基本账户余额不足，请充值后重新发起$/);
  });

  it('a refund in the merchant platform is booked from its API v2 notification', async () => {
    const { buyer, outTradeNo } = await paidCoffee();
    await merchant.refund(outTradeNo, 500);
    await phone.advanceClock(2_000);
    await expect.poll(() => read(buyer, outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 500 });
  });
});

describe('order-show', () => {
  it('returns an order with its refunds and without its payer', async () => {
    const { outTradeNo } = await paidCoffee();
    const outRefundNo = `${outTradeNo.slice(-12)}-shown`;
    await operator('pay-refund', { outTradeNo, outRefundNo, amountFen: 800 });
    const shown = await operator('order-show', { outTradeNo });
    expect(shown).toMatchObject({
      order: { outTradeNo, state: 'REFUNDING', openId: expect.stringMatching(/\*{4}$/) },
      refunds: [{ outRefundNo, amountFen: 800 }],
      mismatches: [],
    });
    expect(await operator('order-show', {})).toMatchObject({ errorMessage: expect.stringContaining('outTradeNo') });
  });
});

describe('scheduled functions', () => {
  it('pay-sweep returns the counts of its run', async () => {
    expect(await operator('pay-sweep', {})).toEqual({
      visited: expect.any(Number),
      failed: expect.any(Number),
      more: expect.any(Boolean),
    });
  });
});
