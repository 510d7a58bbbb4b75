import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import type { PayApi } from '../../lib/wechat-pay/pay-api.ts';
import { listDueFollowUps, scheduleFollowUp } from '../../lib/store/follow-ups.ts';
import { markClosed, putOrder, readOrder, type Order } from '../../lib/store/orders.ts';
import { createBuyers, transactionFor } from '../support/buyers.ts';
import { asVerified } from '../support/verified.ts';
import { createWorld, type World } from '../support/world.ts';

const MINUTE_MS = 60_000;

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
let pay: World['pay'];
beforeAll(async () => {
  world = await createWorld();
  pay = world.pay;
  buyers = await createBuyers(world);
});
afterAll(() => world.simulator.close());
/** Settles the follow-ups that earlier tests left. */
beforeEach(async () => {
  world.clock.offsetMs = 10 * 24 * 60 * MINUTE_MS;
  await sweep(pay);
  world.clock.offsetMs = 0;
});
afterEach(() => (world.clock.offsetMs = 0));

const after = async (minutes: number) => {
  world.clock.offsetMs = minutes * MINUTE_MS;
  return sweep(pay);
};
const stateOf = async (outTradeNo: string) => (await readOrder(world.table, outTradeNo))?.state;
const due = async () => {
  const found: string[] = [];
  for await (const { no } of listDueFollowUps(world.table, world.base.now())) found.push(no);
  return found;
};

describe('pay-sweep', () => {
  it('settles an order whose notification never arrived', async () => {
    const { outTradeNo } = await buyers.paidOrder({ paid: false });
    expect(await after(0)).toMatchObject({ visited: 0 });
    expect(await after(1.1)).toMatchObject({ visited: 1, failed: 0, more: false });
    expect(await stateOf(outTradeNo)).toBe('PAID');
    expect(await after(3)).toMatchObject({ visited: 0 });
  });

  it('queries an unpaid order with backoff, and closes it when it expires', async () => {
    const { order } = await buyers.newOrder();
    const { outTradeNo } = order;
    const visits: number[] = [];
    for (let minute = 1; minute <= 125; minute += 1) {
      if ((await after(minute + 0.1)).visited > 0) visits.push(minute);
    }
    expect(visits).toEqual([1, 3, 7, 15, 31, 61, 91, 120]);
    expect(await stateOf(outTradeNo)).toBe('CLOSED');
    expect(await world.calls(`/v3/pay/transactions/out-trade-no/${outTradeNo}/close`)).toBe(1);
    expect(await due()).toEqual([]);
  });

  it('books the payment of an expired order instead of closing the order', async () => {
    const { outTradeNo } = await buyers.paidOrder({ paid: false });
    await after(121);
    expect(await stateOf(outTradeNo)).toBe('PAID');
  });

  it('closes an order that WeChat does not have when it expires', async () => {
    await world.faults('transactions/jsapi', '5xx', 2);
    const failed = await buyers.newOrder().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    const { no } = (await listDueFollowUps(world.table, world.base.now() + 2 * MINUTE_MS).next()).value as {
      no: string;
    };
    await after(1.1);
    expect(await stateOf(no)).toBe('CREATED');
    await after(121);
    expect(await stateOf(no)).toBe('CLOSED');
  });

  it('queries a closed order that has a follow-up, and books its late payment', async () => {
    const paid = await buyers.paidOrder({ paid: false });
    const { order: unpaid } = await buyers.newOrder();
    for (const outTradeNo of [paid.outTradeNo, unpaid.outTradeNo]) {
      await markClosed(world.table, { outTradeNo, from: ['NOTPAY'] });
      await scheduleFollowUp(world.table, { kind: 'order', no: outTradeNo }, world.base.now());
    }
    expect(await after(0.1)).toMatchObject({ visited: 2 });
    expect(await stateOf(paid.outTradeNo)).toBe('PAID');
    expect(await stateOf(unpaid.outTradeNo)).toBe('CLOSED');
    expect(await readOrder(world.table, unpaid.outTradeNo)).not.toHaveProperty('followUpPk');
  });

  it('visits each order once in three concurrent runs', async () => {
    const orders = await Promise.all(Array.from({ length: 20 }, () => buyers.paidOrder({ paid: false })));
    world.clock.offsetMs = 1.1 * MINUTE_MS;
    const runs = await Promise.all([sweep(pay), sweep(pay), sweep(pay)]);
    expect(runs.reduce((sum, { visited }) => sum + visited, 0)).toBe(20);
    for (const { outTradeNo } of orders) {
      expect(await stateOf(outTradeNo)).toBe('PAID');
      expect(await world.calls(`/v3/pay/transactions/out-trade-no/${outTradeNo}`)).toBe(1);
    }
  });

  it('retries an order whose visit failed', async () => {
    const { outTradeNo } = await buyers.paidOrder({ paid: false });
    const crash = { ...pay, payApi: () => Promise.reject(new Error('crash')) };
    world.clock.offsetMs = 1.1 * MINUTE_MS;
    expect(await sweep(crash)).toMatchObject({ visited: 1, failed: 1 });
    expect(await stateOf(outTradeNo)).toBe('NOTPAY');
    await after(3);
    expect(await stateOf(outTradeNo)).toBe('PAID');
  });
});

describe('pay-sweep with many due orders', () => {
  const THOUSAND = 1_000;
  const place = async (count: number, mark: string) => {
    const { user } = await buyers.loggedIn();
    const { pk, sk, followUpPk, followUpSk, ...template } = (await readOrder(
      world.table,
      (await buyers.newOrder()).order.outTradeNo,
    )) as Order & Record<'pk' | 'sk' | 'followUpPk' | 'followUpSk', string>;
    expect([pk, sk, followUpPk, followUpSk]).not.toContain(undefined);
    const orders = Array.from({ length: count }, (_, index): Order => ({
      ...template,
      outTradeNo: user.id + mark + String(index).padStart(15, '0'),
    }));
    for (let at = 0; at < orders.length; at += 50) {
      await Promise.all(orders.slice(at, at + 50).map((order) => putOrder(world.table, order, world.base.now())));
    }
    return orders.map(({ outTradeNo }) => outTradeNo);
  };
  const payApiOf = (query: PayApi['query']) => ({ ...pay, payApi: async () => ({ query }) as PayApi });

  it('visits a thousand orders in one run, although a tenth of them fails', async () => {
    const numbers = await place(THOUSAND, 'a');
    const deps = payApiOf(async ({ outTradeNo }) => {
      if (outTradeNo.endsWith('7')) throw new AppError('ORDER_STATE_CONFLICT', 'poison');
      return asVerified(transactionFor(outTradeNo));
    });
    world.clock.offsetMs = 2_000;
    expect(await sweep(deps)).toEqual({ visited: THOUSAND, failed: THOUSAND / 10, more: false });
    const paid = await Promise.all(numbers.map(stateOf));
    expect(paid.filter((state) => state === 'PAID')).toHaveLength((THOUSAND * 9) / 10);
    expect(await due()).toEqual([]);
  });

  it('stops its queries when WeChat is down, and reports that orders are left', async () => {
    await place(200, 'b');
    let queries = 0;
    const deps = payApiOf(async () => {
      queries += 1;
      throw new AppError('WECHAT_TIMEOUT', 'down');
    });
    world.clock.offsetMs = 2_000;
    expect(await sweep(deps)).toMatchObject({ more: true });
    expect(queries).toBeLessThan(60);
    // The other orders are still due, so the next run begins with them.
    const rest = (await due()).filter((no) => no.includes('b0'));
    expect(rest).toHaveLength(200 - queries);
  });
});
