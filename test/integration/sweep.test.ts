import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { checkOrder } from '../../lib/pay/check-order.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { scheduleFollowUp } from '../../lib/store/follow-ups.ts';
import { markClosed, readOrder } from '../../lib/store/orders.ts';
import type { PayApi } from '../../lib/wechat-pay/pay-api.ts';
import { createBuyers } from '../support/buyers.ts';
import { dueNumbers } from '../support/follow-ups.ts';
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

describe('pay-sweep', () => {
  it('settles an order whose notification never arrived', async () => {
    const { outTradeNo } = await buyers.paidOrder({ paid: false });
    expect(await after(0)).toMatchObject({ visited: 0 });
    expect(await after(1.1)).toMatchObject({ visited: 1, failed: 0, more: false });
    expect(await stateOf(outTradeNo)).toBe('PAID');
    expect(await after(3)).toMatchObject({ visited: 0 });
  });

  it('visits an unpaid order four times, and closes it when it expires', async () => {
    const { order } = await buyers.newOrder();
    const { outTradeNo, createdAt } = order;
    const visits: number[] = [];
    for (const minute of [0, 1, 2, 3, 4, 5, 6, 7, 15, 24, 25, 26, 31, 60, 90, 119, 120, 121, 150]) {
      const now = () => Date.parse(createdAt) + minute * MINUTE_MS + 5_000;
      if ((await sweep({ ...pay, now })).visited > 0) visits.push(minute);
    }
    expect(visits).toEqual([1, 5, 25, 120]);
    expect(await stateOf(outTradeNo)).toBe('CLOSED');
    expect(await world.calls(`/v3/pay/transactions/out-trade-no/${outTradeNo}`)).toBe(3);
    expect(await world.calls(`/v3/pay/transactions/out-trade-no/${outTradeNo}/close`)).toBe(1);
    expect(await readOrder(world.table, outTradeNo)).not.toHaveProperty('followUpPk');
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
    const [no] = (await dueNumbers(world.table, 'order', world.base.now() + 2 * MINUTE_MS)) as [string];
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

  it.each([{ appId: 'wx0000000000000000' }, { mchId: '1900000002' }])(
    'closes no order because of a closed order of another application or merchant: %j',
    async (other) => {
      const { order } = await buyers.newOrder();
      const { appId, mchId } = (await readOrder(world.table, order.outTradeNo))!;
      const found = { appId, mchId, outTradeNo: order.outTradeNo, tradeState: 'CLOSED' };
      const answer = async (foundHere: object) => ({ query: async () => asVerified(foundHere) }) as unknown as PayApi;
      const check = async (foundHere: object) =>
        checkOrder({ ...pay, payApi: () => answer(foundHere) }, (await readOrder(world.table, order.outTradeNo))!);
      expect(await check({ ...found, ...other })).toBe(false);
      expect(await stateOf(order.outTradeNo)).toBe('NOTPAY');
      expect(await check(found)).toBe(true);
      expect(await stateOf(order.outTradeNo)).toBe('CLOSED');
    },
  );

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
    await after(6.2);
    expect(await stateOf(outTradeNo)).toBe('PAID');
  });
});
