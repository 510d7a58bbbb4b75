import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { closeOrder } from '../../lib/pay/close-order.ts';
import { getOrder } from '../../lib/pay/get-order.ts';
import { listOrders } from '../../lib/pay/list-orders.ts';
import { createVirtualBuyers, hmac } from '../support/virtual-buyers.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const HOUR_MS = 3_600_000;

let world: World;
let buyers: Awaited<ReturnType<typeof createVirtualBuyers>>;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createVirtualBuyers(world);
});
afterEach(() => (world.clock.offsetMs = 0));
afterAll(() => world.simulator.close());

const rejectedWith = (code: string) => expect.objectContaining({ name: 'AppError', code });

describe('a virtual payment with an Idempotency-Key', () => {
  const keyed = async () => {
    const buyer = await buyers.loggedIn();
    const request = { token: buyer.token, idempotencyKey: randomUUID() };
    return { ...buyer, request, placed: await buyers.order(request) };
  };

  it('gets a new number in each request without a key', async () => {
    const { token } = await buyers.loggedIn();
    const numbers = [await buyers.order({ token }), await buyers.order({ token })].map(({ order }) => order.outTradeNo);
    expect(new Set(numbers).size).toBe(2);
  });

  it('is signed again with the session key of the repeating session', async () => {
    const { request, placed, person } = await keyed();
    expect((await buyers.order(request)).payment).toEqual(placed.payment);
    const { token } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    const { order, payment } = await buyers.order({ ...request, token });
    expect(order).toEqual(placed.order);
    expect(payment).toEqual({
      ...placed.payment,
      signature: hmac((await buyers.sessionOf(token)).sessionKey!, payment.signData),
    });
    expect(payment.signature).not.toBe(placed.payment.signature);
    await expect(buyers.wechat.pay(person, placed.payment)).rejects.toThrow('-15007');
    await expect(buyers.wechat.pay(person, payment)).resolves.toHaveProperty('transactionId');
  });

  it('keeps its price after the catalogue changed', async () => {
    const item = { sku: 'changing', description: 'C', kind: 'goods', virtualGood: true, delivery: 'virtual' };
    await putCatalog(world.base, { items: [{ ...item, unitFen: 700 }] });
    const deps = await world.payWith();
    const { token } = await buyers.loggedIn();
    const request = { token, sku: 'changing', idempotencyKey: 'k' };
    const { payment } = await buyers.order(request, deps);
    await putCatalog(world.base, { items: [{ ...item, unitFen: 900 }] });
    expect((await buyers.order(request, await world.payWith())).payment.signData).toBe(payment.signData);
  });

  it.each<Record<string, string>>([
    { VIRTUAL_PAY_ENV: 'sandbox', VIRTUAL_PAY_APP_KEY: ids.virtual.sandboxAppKey },
    { VIRTUAL_PAY_OFFER_ID: '1450000002' },
  ])('is not signed again under other settings, whose signature WeChat would reject: %o', async (settings) => {
    const { request } = await keyed();
    await expect(buyers.order(request, await world.payWith({ settings }))).rejects.toMatchObject({
      code: 'ORDER_STATE_CONFLICT',
      message: expect.stringContaining('send a new key'),
    });
  });

  it('can be opened once only, and gets another number with another key', async () => {
    const { request, placed, person } = await keyed();
    await expect(buyers.wechat.pay(person, placed.payment, { cancel: true })).rejects.toThrow('cancel');
    const repeated = await buyers.order(request);
    expect(repeated).toEqual(placed);
    await expect(buyers.wechat.pay(person, repeated.payment)).rejects.toThrow('-15002');
    const next = await buyers.order({ ...request, idempotencyKey: randomUUID() });
    await expect(buyers.wechat.pay(person, next.payment)).resolves.toHaveProperty('transactionId');
  });

  it('is rejected after a look at the order found the payment, so that nothing is paid twice', async () => {
    const { request, placed, person } = await keyed();
    const { outTradeNo } = placed.order;
    await buyers.wechat.plan({ target: 'virtual-push', action: 'no-push' });
    await buyers.wechat.pay(person, placed.payment);
    const look = await getOrder(world.pay, { token: request.token, outTradeNo });
    expect(look.order).toMatchObject({ state: 'PAID' });
    await expect(buyers.order(request)).rejects.toMatchObject({ detail: { state: 'PAID' } });
  });

  it('is one order with one signData for ten concurrent requests, none of which waits', async () => {
    const { token } = await buyers.loggedIn();
    const deps = await world.payWith({ sleep: () => Promise.reject(new Error('a request waits')) });
    const request = { token, idempotencyKey: 'k' };
    const placed = await Promise.all(Array.from({ length: 10 }, () => buyers.order(request, deps)));
    expect(new Set(placed.map(({ payment }) => JSON.stringify(payment))).size).toBe(1);
    expect((await listOrders(world.pay, { token })).orders).toHaveLength(1);
  });

  it('is rejected for another purchase, and after the order was closed, paid or expired', async () => {
    const { request, placed } = await keyed();
    await expect(buyers.order({ ...request, quantity: 2 })).rejects.toThrow(rejectedWith('ORDER_STATE_CONFLICT'));
    const ordinary = buyers.order({ ...request, tradeType: 'NATIVE' });
    await expect(ordinary).rejects.toThrow(rejectedWith('ORDER_STATE_CONFLICT'));
    await closeOrder(world.pay, { token: request.token, outTradeNo: placed.order.outTradeNo });
    await expect(buyers.order(request)).rejects.toMatchObject({ detail: { state: 'CLOSED' } });
    const expired = await keyed();
    world.clock.offsetMs = 2 * HOUR_MS + 1_000;
    await expect(buyers.order(expired.request)).rejects.toMatchObject({ detail: { state: 'NOTPAY' } });
  });
});
