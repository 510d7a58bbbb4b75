import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { login } from '../../lib/identity/login.ts';
import { logout } from '../../lib/identity/logout.ts';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { prepay } from '../../lib/pay/prepay.ts';
import { readOwnOrder } from '../../lib/pay/read-order.ts';
import { settlePayment } from '../../lib/pay/settle.ts';
import type { Transaction } from '../../lib/pay/v3/transaction.ts';
import { markClosed, readOrder } from '../../lib/store/orders.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const JSAPI = '/v3/pay/transactions/jsapi';

describe('payments, API v3', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await putCatalog(world.base, {
      items: [
        { sku: 'coffee', description: 'Coffee', kind: 'goods', unitFen: 1800 },
        { sku: 'top-up', description: 'Top-up', kind: 'wallet-topup', minFen: 100, maxFen: 500_000 },
      ],
    });
  });
  afterAll(() => world.simulator.close());

  const loggedIn = async () => {
    const person = await world.phone.newPerson();
    const { token, user } = await login(world.miniapp, await world.phone.loginCode(person));
    return { person, token, user };
  };
  const newOrder = async (purchase = {}) => {
    const buyer = await loggedIn();
    return { ...buyer, ...(await prepay(world.pay, { token: buyer.token, sku: 'coffee', ...purchase })) };
  };
  const transactionFor = (outTradeNo: string, change: Partial<Transaction> = {}): Transaction => ({
    appId: ids.miniapp.appId,
    mchId: ids.pay.mchId,
    outTradeNo,
    tradeState: 'SUCCESS',
    payment: { transactionId: `42${outTradeNo}`, paidAt: '2026-11-20T00:00:00.000Z', amountFen: 1800, currency: 'CNY' },
    ...change,
  });
  const settle = (transaction: Transaction) => settlePayment(world.base, transaction);

  it('takes the price from the catalogue, whatever amount the client sends', async () => {
    const { order, payment, user } = await newOrder({ quantity: 2, amountFen: 1 });
    expect(order).toMatchObject({ amountFen: 3600, description: 'Coffee x2', state: 'NOTPAY', currency: 'CNY' });
    expect(order.outTradeNo).toMatch(new RegExp(`^${user.id}[0-9a-z]{16}$`));
    expect(payment).toMatchObject({ appId: ids.miniapp.appId, signType: 'RSA' });
    expect(payment.package).toMatch(/^prepay_id=wx/);
    expect(payment.timeStamp).toMatch(/^\d{10}$/);
  });

  it('takes the amount from the buyer only within the range of the catalogue', async () => {
    const { order } = await newOrder({ sku: 'top-up', amountFen: 5000 });
    expect(order.amountFen).toBe(5000);
    for (const amountFen of [undefined, 99, 500_001]) {
      await expect(newOrder({ sku: 'top-up', amountFen })).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    }
    await expect(newOrder({ sku: 'nothing' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('makes one call to WeChat for one prepay', async () => {
    const before = await world.calls(JSAPI);
    await newOrder();
    expect((await world.calls(JSAPI)) - before).toBe(1);
  });

  it('refuses a logged-out buyer and a session of another app', async () => {
    const { token } = await loggedIn();
    const { appId } = ids.official;
    await expect(prepay(world.pay, { token, appId, sku: 'coffee' })).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    await logout(world.sessions, token);
    await expect(prepay(world.pay, { token, sku: 'coffee' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('repeats the very same request when WeChat fails after it may have accepted', async () => {
    const before = await world.calls(JSAPI);
    await world.faults('transactions/jsapi', '5xx');
    expect((await newOrder()).order.state).toBe('NOTPAY');
    expect((await world.calls(JSAPI)) - before).toBe(2);
  });

  it('closes the order when WeChat refuses it, and names the setting', async () => {
    const { token, user } = await loggedIn();
    const merchant = { ...world.pay.merchant, certSerial: 'F'.repeat(40) };
    await expect(prepay({ ...world.pay, merchant }, { token, sku: 'coffee' })).rejects.toMatchObject({
      code: 'WECHAT_CONFIG',
      message: expect.stringContaining('PAY_MCH_CERT_SERIAL'),
    });
    expect(world.lines.some((line) => line.startsWith('pay.prepay-failed') && line.includes(user.id))).toBe(true);
  });

  it('does not believe an answer that another key signed', async () => {
    const { token } = await loggedIn();
    const platformKeys = new Map([['PUB_KEY_ID_OTHER', [...world.pay.platformKeys.values()][0]!]]);
    const call = prepay({ ...world.pay, platformKeys }, { token, sku: 'coffee' });
    await expect(call).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
  });

  it('settles fifty copies of one payment at once exactly once', async () => {
    const { order } = await newOrder();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => settle(transactionFor(order.outTradeNo))));
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({
      state: 'PAID',
      paidAt: '2026-11-20T00:00:00.000Z',
    });
    expect(world.lines.filter((line) => line.startsWith('order.paid') && line.includes(order.outTradeNo))).toHaveLength(
      1,
    );
  });

  it('takes a settled order out of the index of open ones', async () => {
    const { order } = await newOrder();
    await settle(transactionFor(order.outTradeNo));
    expect(await readOrder(world.table, order.outTradeNo)).not.toHaveProperty('duePk');
  });

  it.each([
    ['another merchant', { mchId: '1900000002' }, 'mchId'],
    ['another app', { appId: ids.official.appId }, 'appId'],
    [
      'another amount',
      { payment: { transactionId: 'wrong-amount', paidAt: '2026-11-20T00:00:00.000Z', amountFen: 1, currency: 'CNY' } },
      'amountFen',
    ],
    [
      'another currency',
      {
        payment: {
          transactionId: 'wrong-currency',
          paidAt: '2026-11-20T00:00:00.000Z',
          amountFen: 1800,
          currency: 'USD',
        },
      },
      'currency',
    ],
  ])('leaves the order untouched and records the case once when a payment names %s', async (_, change, reason) => {
    const { order } = await newOrder();
    const transaction = transactionFor(order.outTradeNo, change);
    for (let times = 0; times < 2; times += 1) {
      await expect(settle(transaction)).rejects.toMatchObject({
        code: 'ORDER_STATE_CONFLICT',
        detail: { reasons: [reason] },
      });
    }
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({ state: 'NOTPAY' });
    const recorded = world.lines.filter((line) => line.startsWith('pay.mismatch') && line.includes(order.outTradeNo));
    expect(recorded).toHaveLength(1);
  });

  it('refuses a payment for an order that nobody knows, and one that pays an order twice', async () => {
    await expect(settle(transactionFor('0'.repeat(32)))).rejects.toMatchObject({
      detail: { reasons: ['unknown order'] },
    });
    const { order } = await newOrder();
    await settle(transactionFor(order.outTradeNo));
    const payment = { ...transactionFor(order.outTradeNo).payment!, transactionId: randomUUID() };
    const again = settle(transactionFor(order.outTradeNo, { payment }));
    await expect(again).rejects.toMatchObject({ detail: { reasons: ['paid twice'] } });
  });

  it('books a payment that arrives after the close: WeChat has the money', async () => {
    const { order } = await newOrder();
    await markClosed(world.table, { outTradeNo: order.outTradeNo, from: ['NOTPAY'] });
    expect(await settle(transactionFor(order.outTradeNo))).toBe(true);
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({ state: 'PAID' });
  });

  it('finds out about a payment whose notification was lost, asking WeChat at most every 5 s', async () => {
    const { order, payment, person, token } = await newOrder();
    const query = `/v3/pay/transactions/out-trade-no/${order.outTradeNo}`;
    const read = async () => (await readOwnOrder(world.pay, { token, outTradeNo: order.outTradeNo })).order.state;
    const states = await Promise.all(Array.from({ length: 10 }, read));
    expect(new Set(states)).toEqual(new Set(['NOTPAY']));
    expect(await world.calls(query)).toBe(1);
    await world.phone.act(person, 'pay', { prepayId: payment.package.slice('prepay_id='.length) });
    expect(await read()).toBe('NOTPAY');
    world.clock.offsetMs = 5_001;
    expect(await read()).toBe('PAID');
    world.clock.offsetMs = 0;
    expect(await world.calls(query)).toBe(2);
  });

  it('shows nobody else the order', async () => {
    const { order } = await newOrder();
    const other = await loggedIn();
    for (const outTradeNo of [order.outTradeNo, 'nonsense', other.user.id + '0'.repeat(16)]) {
      const read = readOwnOrder(world.pay, { token: other.token, outTradeNo });
      await expect(read).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'No such order' });
    }
  });

  it.each([
    [{}],
    [{ items: [] }],
    [{ items: [{ sku: 'a b', description: 'x', kind: 'goods', unitFen: 1 }] }],
    [{ items: [{ sku: 'a', description: '☕🚀', kind: 'goods', unitFen: 1 }] }],
    [{ items: [{ sku: 'a', description: 'x', kind: 'goods', unitFen: 1.5 }] }],
    [{ items: [{ sku: 'a', description: 'x', kind: 'goods', minFen: 2, maxFen: 1 }] }],
    [{ items: [{ sku: 'a', description: 'x', kind: 'goods', unitFen: 1, minFen: 1, maxFen: 2 }] }],
  ])('refuses the catalogue %j', async (input) => {
    await expect(putCatalog(world.base, input)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });
});
