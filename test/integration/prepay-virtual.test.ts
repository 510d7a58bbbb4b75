import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { listOrders } from '../../lib/pay/list-orders.ts';
import type { Send } from '../../lib/core/outbound.ts';
import { openSession } from '../../lib/identity/open-session.ts';
import { openOrderLimit } from '../../lib/pay/open-orders.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { createVirtualBuyers, hmac } from '../support/virtual-buyers.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const HOUR_MS = 3_600_000;

let world: World;
let buyers: Awaited<ReturnType<typeof createVirtualBuyers>>;
/** A shop that WeChat does not exempt from virtual payment. */
let strict: World['pay'];
beforeAll(async () => {
  world = await createWorld();
  buyers = await createVirtualBuyers(world);
  strict = await world.payWith({ settings: { VIRTUAL_PAY_EXEMPT: 'false' } });
});
afterEach(() => (world.clock.offsetMs = 0));
afterAll(() => world.simulator.close());

const rejectedWith = (code: string) => expect.objectContaining({ name: 'AppError', code });

/** Opens a session of the account in another app, or without a session key as after a scan login. */
async function otherSession(user: { id: string }, session: { appId: string; openId: string }): Promise<string> {
  const account = (await readAccount(world.table, user.id, 'strong'))!;
  const opened = await openSession(world.miniapp, account, { sid: randomUUID(), isNewUser: false, ...session });
  return opened.token;
}

describe('prepay with trade type VIRTUAL', () => {
  it('returns a payment that the phone accepts, with the terms of the catalogue', async () => {
    const { person, payment, outTradeNo } = await buyers.newOrder({ quantity: 3, attach: '桌 1' });
    expect(JSON.parse(payment.signData)).toEqual({
      offerId: ids.virtual.offerId,
      buyQuantity: 3,
      env: 0,
      currencyType: 'CNY',
      productId: 'lesson',
      goodsPrice: 600,
      outTradeNo,
      attach: '桌 1',
    });
    expect(payment.mode).toBe('short_series_goods');
    await expect(buyers.wechat.pay(person, payment)).resolves.toHaveProperty('transactionId');
    expect(await buyers.wechat.orderOf(outTradeNo)).toMatchObject({ amountFen: 1_800, quantity: 3, attach: '桌 1' });
  });

  it('signs exactly the signData that the client receives, with the AppKey and the session key', async () => {
    const { token } = await buyers.loggedIn();
    const { signData, paySig, signature } = (await buyers.order({ token })).payment;
    expect(paySig).toBe(hmac(ids.virtual.liveAppKey, `requestVirtualPayment&${signData}`));
    expect(signature).toBe(hmac((await buyers.sessionOf(token)).sessionKey!, signData));
  });

  it('stores the order as unpaid in virtual payment, without a call to WeChat', async () => {
    const sent: string[] = [];
    const send: Send = (request) => {
      sent.push(request.url.pathname);
      return world.base.send(request);
    };
    const { outTradeNo } = await buyers.newOrder({}, await world.payWith({ send }));
    expect(sent).toEqual([]);
    expect(await buyers.stored(outTradeNo)).toMatchObject({
      api: 'virtual',
      tradeType: 'VIRTUAL',
      state: 'NOTPAY',
      env: 'live',
      mchId: ids.virtual.offerId,
      appId: ids.miniapp.appId,
      amountFen: 600,
      goods: { productId: 'lesson', unitFen: 600, quantity: 1 },
      notifyUrl: '',
    });
  });

  it('sells a range in steps of its published good', async () => {
    const { payment, outTradeNo, person } = await buyers.newOrder({ sku: 'top-up', amountFen: 1_500 });
    expect(JSON.parse(payment.signData)).toMatchObject({ productId: 'top-up', goodsPrice: 100, buyQuantity: 15 });
    await buyers.wechat.pay(person, payment);
    expect(await buyers.wechat.orderOf(outTradeNo)).toMatchObject({ amountFen: 1_500 });
    const { token } = await buyers.loggedIn();
    for (const amountFen of [1_550, 101, 0.5]) {
      await expect(buyers.order({ token, sku: 'top-up', amountFen })).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    }
  });

  it('takes the step of the catalogue for the price of one good', async () => {
    const steps = { sku: 'steps', description: 'S', kind: 'wallet-topup', minFen: 1_000, maxFen: 9_000, stepFen: 500 };
    await putCatalog(world.base, { items: [steps] });
    const { payment } = await buyers.newOrder({ sku: 'steps', amountFen: 2_500 });
    expect(JSON.parse(payment.signData)).toMatchObject({ goodsPrice: 500, buyQuantity: 5 });
  });

  it('uses the sku as attach when the client has none', async () => {
    const { payment, outTradeNo } = await buyers.newOrder();
    expect(JSON.parse(payment.signData)).toMatchObject({ attach: 'lesson' });
    expect(await buyers.stored(outTradeNo)).not.toHaveProperty('attach');
  });

  it('is signed for the sandbox in a stage of the sandbox', async () => {
    const sandbox = { VIRTUAL_PAY_ENV: 'sandbox', VIRTUAL_PAY_APP_KEY: ids.virtual.sandboxAppKey };
    const { payment, person, outTradeNo } = await buyers.newOrder({}, await world.payWith({ settings: sandbox }));
    expect(JSON.parse(payment.signData)).toMatchObject({ env: 1 });
    expect(await buyers.stored(outTradeNo)).toMatchObject({ env: 'sandbox' });
    await expect(buyers.wechat.pay(person, payment)).resolves.toHaveProperty('transactionId');
  });

  it.each([
    ['another item than a virtual good', { sku: 'coffee' }],
    ['another app than the mini-program', { appId: ids.official.appId }],
    ['a wrong amount', { amountFen: 599 }],
    ['an attach with an emoji', { attach: '🍵' }],
  ])('is rejected for %s', async (_, request) => {
    const { token } = await buyers.loggedIn();
    await expect(buyers.order({ token, ...request })).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });

  it('is rejected for an unknown sku', async () => {
    const { token } = await buyers.loggedIn();
    await expect(buyers.order({ token, sku: 'unknown' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('limits the open orders of an account, and closes the order that is one too many', async () => {
    const { token } = await buyers.loggedIn();
    for (let placed = 0; placed < 20; placed += 1) await buyers.order({ token });
    await expect(buyers.order({ token })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    // Another instance counts after the write.
    const cold = { ...world.pay, limitOpenOrders: openOrderLimit(world.base) };
    await expect(buyers.order({ token }, cold)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const { orders } = await listOrders(world.pay, { token });
    expect(orders.map(({ state }) => state)).toEqual(['CLOSED', ...Array.from({ length: 19 }, () => 'NOTPAY')]);
    world.clock.offsetMs = 2 * HOUR_MS + 1_000;
    await expect(buyers.order({ token })).resolves.toBeDefined();
  });

  it('is rejected after the close of the account', async () => {
    const { token, person } = await buyers.loggedIn();
    const other = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    await closeAccount(world.closing, token);
    await expect(buyers.order({ token: other.token })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('the trade types of a virtual good', () => {
  const inMiniapp = async (request: object, deps = strict) =>
    buyers.order({ token: (await buyers.loggedIn()).token, ...request }, deps);

  it.each(['lesson', 'top-up'])('JSAPI in the mini-program is rejected for %s', async (sku) => {
    const request = { sku, tradeType: 'JSAPI' as const, ...(sku === 'top-up' && { amountFen: 500 }) };
    await expect(inMiniapp(request)).rejects.toThrow(rejectedWith('VIRTUAL_PAYMENT_REQUIRED'));
  });

  it('JSAPI in the mini-program is permitted for an exempt category, and for goods that are no virtual goods', async () => {
    await expect(inMiniapp({ tradeType: 'JSAPI' }, world.pay)).resolves.toHaveProperty('payment.package');
    await expect(inMiniapp({ sku: 'coffee', tradeType: 'JSAPI' })).resolves.toHaveProperty('payment.package');
    const item = { sku: 'parcel', description: 'P', kind: 'wallet-topup', virtualGood: false, unitFen: 100 };
    await putCatalog(world.base, { items: [item] });
    await expect(inMiniapp({ sku: 'parcel', tradeType: 'JSAPI' })).resolves.toHaveProperty('payment.package');
    await expect(inMiniapp({ sku: 'parcel' })).rejects.toThrow(rejectedWith('PARAM_ERROR'));
  });

  it('an exempt shop can sell by virtual payment too', async () => {
    await expect(inMiniapp({}, world.pay)).resolves.toHaveProperty('payment.paySig');
  });

  it.each(['NATIVE', 'H5'] as const)('%s is permitted', async (tradeType) => {
    const { order } = await inMiniapp({ tradeType });
    expect(await buyers.stored(order.outTradeNo)).toMatchObject({ api: 'v3', mchId: ids.pay.mchId, tradeType });
    expect(await buyers.stored(order.outTradeNo)).not.toHaveProperty('goods');
    expect(await buyers.stored(order.outTradeNo)).not.toHaveProperty('env');
  });

  it('JSAPI in the official account is permitted, and VIRTUAL is not', async () => {
    const { user, person } = await buyers.loggedIn();
    const token = await otherSession(user, { appId: ids.official.appId, openId: person.openIds.official });
    await expect(buyers.order({ token, tradeType: 'JSAPI' }, strict)).resolves.toHaveProperty('payment.package');
    await expect(buyers.order({ token }, strict)).rejects.toThrow(rejectedWith('PARAM_ERROR'));
    const { appId } = ids.miniapp;
    await expect(buyers.order({ token, appId }, strict)).rejects.toThrow(rejectedWith('PARAM_ERROR'));
  });

  it('VIRTUAL needs a session with a session key', async () => {
    const { user, person } = await buyers.loggedIn();
    const token = await otherSession(user, { appId: ids.miniapp.appId, openId: person.openIds.miniapp });
    await expect(buyers.order({ token })).rejects.toThrow(rejectedWith('SESSION_EXPIRED'));
    expect((await listOrders(world.pay, { token })).orders).toEqual([]);
  });
});

describe('a shop with one of both merchants', () => {
  it('sells by virtual payment without a merchant number', async () => {
    const settings = { PAY_MCH_ID: '', PAY_MCH_CERT_SERIAL: '', PAY_MCH_PRIVATE_KEY: '', PAY_API_V3_KEY: '' };
    const virtualOnly = await world.prepayWith(settings);
    const { person, payment } = await buyers.newOrder({}, virtualOnly);
    await expect(buyers.wechat.pay(person, payment)).resolves.toHaveProperty('transactionId');
    const { token } = await buyers.loggedIn();
    const ordinary = buyers.order({ token, sku: 'coffee', tradeType: 'JSAPI' }, virtualOnly);
    await expect(ordinary).rejects.toMatchObject({
      code: 'NOT_CONFIGURED',
      message: expect.stringMatching('PAY_MCH_ID'),
    });
  });

  it('sells by ordinary payment without virtual payment', async () => {
    const merchantOnly = await world.prepayWith({
      VIRTUAL_PAY_OFFER_ID: '',
      VIRTUAL_PAY_APP_KEY: '',
      VIRTUAL_PAY_ENV: '',
    });
    const { token } = await buyers.loggedIn();
    await expect(buyers.order({ token, sku: 'coffee', tradeType: 'JSAPI' }, merchantOnly)).resolves.toBeDefined();
    const virtual = buyers.order({ token }, merchantOnly);
    await expect(virtual).rejects.toMatchObject({
      code: 'NOT_CONFIGURED',
      message: expect.stringMatching('VIRTUAL_PAY_OFFER_ID'),
    });
    expect((await listOrders(world.pay, { token })).orders).toHaveLength(1);
  });

  it.each([
    ['VIRTUAL_PAY_APP_KEY', ''],
    ['VIRTUAL_PAY_ENV', 'test'],
    ['VIRTUAL_PAY_EXEMPT', 'yes'],
  ])('does not start with %s="%s"', async (name, value) => {
    await expect(world.prepayWith({ [name]: value })).rejects.toThrow(rejectedWith('NOT_CONFIGURED'));
  });
});
