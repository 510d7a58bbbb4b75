import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { closeOrder } from '../../lib/pay/close-order.ts';
import { listOrders } from '../../lib/pay/list-orders.ts';
import { mergeAccounts } from '../../lib/store/account-links.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { markClosed, readOrder } from '../../lib/store/orders.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
});
afterAll(() => world.simulator.close());

/** Returns the order numbers of every page. */
async function listAll(token: string) {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await listOrders(world.pay, { token, cursor });
    pages.push(page.orders.map(({ outTradeNo }) => outTradeNo));
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

/** Places orders, and closes each, because an account may have only twenty open orders. */
async function order(token: string, times: number): Promise<string[]> {
  const numbers: string[] = [];
  for (let made = 0; made < times; made += 1) {
    const { outTradeNo } = (await buy(world.pay, { token })).order;
    await markClosed(world.table, { outTradeNo, from: ['NOTPAY'] });
    numbers.push(outTradeNo);
  }
  return numbers;
}

describe('GET /pay/orders', () => {
  it('lists each order once, newest first, in pages of 20', async () => {
    const { token } = await buyers.loggedIn();
    const numbers = await order(token, 45);
    const pages = await listAll(token);
    expect(pages.map(({ length }) => length)).toEqual([20, 20, 5]);
    expect(pages.flat()).toEqual(numbers.toReversed());
  });

  it('returns no cursor after a last page that is full', async () => {
    const { token } = await buyers.loggedIn();
    await order(token, 20);
    expect((await listAll(token)).map(({ length }) => length)).toEqual([20]);
  });

  it('lists no order of another account, even with a cursor of its orders', async () => {
    const [one, two] = [await buyers.newOrder(), await buyers.loggedIn()];
    expect(await listOrders(world.pay, { token: two.token })).toEqual({ orders: [], cursor: null });
    const { cursor } = { cursor: one.order.outTradeNo.slice(16) };
    expect((await listOrders(world.pay, { token: two.token, cursor })).orders).toEqual([]);
  });

  it('lists the orders of merged accounts together, newest first', async () => {
    const [one, two] = [await buyers.loggedIn(), await buyers.loggedIn()];
    const numbers: string[] = [];
    for (let turn = 0; turn < 11; turn += 1) {
      numbers.push(...(await order(one.token, 1)), ...(await order(two.token, 1)));
    }
    const [into, from] = [
      await readAccount(world.table, one.user.id, 'strong'),
      await readAccount(world.table, two.user.id, 'strong'),
    ];
    await mergeAccounts(world.table, { into: into!, from: from!, unionId: 'u', at: new Date().toISOString() });
    const pages = await listAll(one.token);
    expect(pages.map(({ length }) => length)).toEqual([20, 2]);
    expect(pages.flat()).toEqual(numbers.toReversed());
    // The user of the merged account sees the same list after the next login.
    const nextLogin = await loginMiniapp(world.miniapp, await world.phone.loginCode(two.person));
    expect((await listAll(nextLogin.token)).flat()).toEqual(numbers.toReversed());
  });

  it('queries only the five newest open orders of a page at WeChat', async () => {
    const { token } = await buyers.loggedIn();
    const numbers: string[] = [];
    for (let made = 0; made < 8; made += 1) numbers.push((await buy(world.pay, { token })).order.outTradeNo);
    const [newest = ''] = numbers.toReversed();
    await closeOrder(world.pay, { token, outTradeNo: newest });
    await listOrders(world.pay, { token });
    const queries = numbers.map((number) => world.calls(`/v3/pay/transactions/out-trade-no/${number}`));
    expect(await Promise.all(queries)).toEqual([0, 0, 1, 1, 1, 1, 1, 0]);
  });

  it('queries an open order at WeChat at most every 5 s', async () => {
    const { token, person } = await buyers.loggedIn();
    const { order: made, payment } = await buy(world.pay, { token });
    await world.phone.act(person, 'pay', { prepayId: payment.package });
    const query = `/v3/pay/transactions/out-trade-no/${made.outTradeNo}`;
    expect((await listOrders(world.pay, { token })).orders[0]).toMatchObject({ state: 'PAID' });
    await listOrders(world.pay, { token });
    expect(await world.calls(query)).toBe(1);
  });
});

describe('POST /pay/orders/{outTradeNo}/close', () => {
  const queried = async (outTradeNo: string) =>
    (await world.pay.payApi('v3')).query((await readOrder(world.table, outTradeNo))!);

  it('closes an order at WeChat and in the ledger, once for repeated requests', async () => {
    const { token, order: made } = await buyers.newOrder();
    const { outTradeNo } = made;
    for (let times = 0; times < 2; times += 1) {
      expect((await closeOrder(world.pay, { token, outTradeNo })).order).toMatchObject({ state: 'CLOSED' });
    }
    expect(await queried(outTradeNo)).toMatchObject({ tradeState: 'CLOSED' });
    expect(await readOrder(world.table, outTradeNo)).not.toHaveProperty('followUpPk');
    expect(await world.calls(`/v3/pay/transactions/out-trade-no/${outTradeNo}/close`)).toBe(1);
  });

  it('books the payment of an order that was paid before the close', async () => {
    const { token, outTradeNo } = await buyers.paidOrder({ paid: false });
    const call = closeOrder(world.pay, { token, outTradeNo });
    await expect(call).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT', detail: { state: 'PAID' } });
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'PAID' });
  });

  it('leaves the order open when the outcome of the close is unknown', async () => {
    const { token, order: made } = await buyers.newOrder();
    await world.faults('/close', '5xx', 2);
    const call = closeOrder(world.pay, { token, outTradeNo: made.outTradeNo });
    await expect(call).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(await readOrder(world.table, made.outTradeNo)).toMatchObject({ state: 'NOTPAY' });
  });

  it('answers NOT_FOUND for an order of another account', async () => {
    const [{ order: made }, { token }] = [await buyers.newOrder(), await buyers.loggedIn()];
    for (const outTradeNo of [made.outTradeNo, 'nonsense']) {
      await expect(closeOrder(world.pay, { token, outTradeNo })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });
});
