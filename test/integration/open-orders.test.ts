import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { runtime } from '../../lib/core/runtime.ts';
import { closeOrder } from '../../lib/pay/close-order.ts';
import { listOrders } from '../../lib/pay/list-orders.ts';
import { openOrderLimit } from '../../lib/pay/open-orders.ts';
import { mergeAccounts } from '../../lib/store/account-links.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { markClosed } from '../../lib/store/orders.ts';
import { buy, createBuyers, transactionFor } from '../support/buyers.ts';
import { createWorld, type World } from '../support/world.ts';

const LIMIT = 20;
const HOUR_MS = 3_600_000;

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
});
afterEach(() => (world.clock.offsetMs = 0));
afterAll(() => world.simulator.close());

type Instance = World['pay'];

/** An instance without the deadlines of calls, which a slow machine misses when many calls run at once. */
const patientInstance = () => world.payWith({ send: (request) => runtime.send({ ...request, timeoutMs: 60_000 }) });

/** Requests orders one after the other. @returns the order numbers, and the errors of rejected requests */
async function orderOneByOne(instance: Instance, token: string, times: number, request: object = {}) {
  const placed: string[] = [];
  const errors: { code: string; retryAfterSeconds: number }[] = [];
  for (let sent = 0; sent < times; sent += 1) {
    await buy(instance, { token, ...request }).then(
      ({ order }) => placed.push(order.outTradeNo),
      (error) => errors.push(error),
    );
  }
  return { placed, errors };
}

describe('the limit of open orders', () => {
  it('rejects all but 20 of 100 orders in a row, until the oldest expires', async () => {
    const { token } = await buyers.loggedIn();
    const { placed, errors } = await orderOneByOne(world.pay, token, 100);
    expect([placed.length, errors.length]).toEqual([LIMIT, 80]);
    for (const { code, retryAfterSeconds } of errors) {
      expect(code).toBe('RATE_LIMITED');
      expect(retryAfterSeconds).toBeGreaterThan(HOUR_MS / 1_000);
      expect(retryAfterSeconds).toBeLessThanOrEqual((2 * HOUR_MS) / 1_000 + 1);
    }
    world.clock.offsetMs = errors.at(-1)!.retryAfterSeconds * 1_000;
    await expect(buy(world.pay, { token })).resolves.toBeDefined();
  });

  it('rejects all but 20 of 100 concurrent orders', async () => {
    const { token } = await buyers.loggedIn();
    const instance = await patientInstance();
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => buy(instance, { token })));
    const rejected = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(rejected).toHaveLength(100 - LIMIT);
    for (const { reason } of rejected) expect(reason).toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('leaves about 20 of 100 orders that 100 instances place at the same time', async () => {
    const { token } = await buyers.loggedIn();
    const patient = await patientInstance();
    const instances = Array.from({ length: 100 }, () => ({
      ...patient,
      limitOpenOrders: openOrderLimit(world.base),
    }));
    const outcomes = await Promise.allSettled(instances.map((instance) => buy(instance, { token })));
    const placed = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' ? [outcome.value.order.outTradeNo] : [],
    );
    expect(placed.length).toBeGreaterThanOrEqual(LIMIT);
    expect(placed.length).toBeLessThanOrEqual(LIMIT + 10);
    const { orders } = await listOrders(world.pay, { token });
    for (const { outTradeNo, state } of orders) expect(state).toBe(placed.includes(outTradeNo) ? 'NOTPAY' : 'CLOSED');
  });

  it('does not count orders that WeChat did not create', async () => {
    const { token } = await buyers.loggedIn();
    const send = () => Promise.reject(new AppError('WECHAT_CONFIG', 'WeChat rejects the merchant key'));
    const { errors } = await orderOneByOne(await world.payWith({ send }), token, LIMIT + 5);
    expect(errors).toHaveLength(LIMIT + 5);
    for (const { code } of errors) expect(code).toBe('WECHAT_CONFIG');
    await expect(buy(world.pay, { token })).resolves.toMatchObject({ order: { state: 'NOTPAY' } });
  });

  it('counts wallet top-ups and the orders of merged accounts', async () => {
    const [one, two] = [await buyers.loggedIn(), await buyers.loggedIn()];
    await orderOneByOne(world.pay, one.token, 10, { sku: 'top-up', amountFen: 500 });
    await orderOneByOne(world.pay, two.token, 10);
    const [into, from] = await Promise.all([one, two].map(({ user }) => readAccount(world.table, user.id, 'strong')));
    await mergeAccounts(world.table, { into: into!, from: from!, unionId: 'u', at: new Date().toISOString() });
    for (const { token } of [one, two]) {
      await expect(buy(world.pay, { token })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    }
  });

  it('does not count paid and closed orders', async () => {
    const { token } = await buyers.loggedIn();
    const { placed } = await orderOneByOne(world.pay, token, LIMIT + 1);
    const isFull = async () => (await orderOneByOne(world.pay, token, 2)).errors.length === 1;
    await buyers.settle(transactionFor(placed[0]!));
    expect(await isFull()).toBe(true);
    await closeOrder(world.pay, { token, outTradeNo: placed[1]! });
    expect(await isFull()).toBe(true);
  });

  it('finds open orders behind many closed orders', async () => {
    const { token } = await buyers.loggedIn();
    await orderOneByOne(world.pay, token, LIMIT - 1);
    for (let cycle = 0; cycle < 30; cycle += 1) {
      const { outTradeNo } = (await buy(world.pay, { token })).order;
      await markClosed(world.table, { outTradeNo, from: ['NOTPAY'] });
    }
    expect((await orderOneByOne(world.pay, token, 2)).placed).toHaveLength(1);
  });

  it('returns the order of a repeated Idempotency-Key, and stores nothing for a rejected key', async () => {
    const { token } = await buyers.loggedIn();
    const first = await buy(world.pay, { token, idempotencyKey: 'first' });
    const { placed } = await orderOneByOne(world.pay, token, LIMIT - 1);
    const request = { token, idempotencyKey: 'rejected' };
    for (let sent = 0; sent < 2; sent += 1) {
      await expect(buy(world.pay, request)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
      expect((await buy(world.pay, { token, idempotencyKey: 'first' })).order).toEqual(first.order);
    }
    await closeOrder(world.pay, { token, outTradeNo: placed[0]! });
    await expect(buy(world.pay, request)).resolves.toMatchObject({ order: { state: 'NOTPAY' } });
  });

  it('does not affect another account', async () => {
    const [flooder, buyer] = [await buyers.loggedIn(), await buyers.loggedIn()];
    await orderOneByOne(world.pay, flooder.token, LIMIT + 1);
    expect((await orderOneByOne(world.pay, buyer.token, LIMIT)).errors).toEqual([]);
  });
});
