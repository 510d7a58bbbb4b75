import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buy, createBuyers, transactionFor } from '../support/buyers.ts';
import { createWorld, type World } from '../support/world.ts';

const JSAPI = '/v3/pay/transactions/jsapi';

let world: World;
let loggedIn: Buyers['loggedIn'];
let settle: Buyers['settle'];
beforeAll(async () => {
  world = await createWorld();
  ({ loggedIn, settle } = await createBuyers(world));
});
afterAll(() => world.simulator.close());

type Buyers = Awaited<ReturnType<typeof createBuyers>>;

describe('prepay with an Idempotency-Key', () => {
  const twice = async (first: object, second: object = first) => {
    const { token } = await loggedIn();
    const order = (request: object) => buy(world.pay, { token, sku: 'coffee', idempotencyKey: 'k', ...request });
    return { token, one: await order(first), again: () => order(second) };
  };

  it('a repeat is the same order, signed anew, without another call to WeChat', async () => {
    const { one, again } = await twice({});
    const before = await world.calls(JSAPI);
    const two = await again();
    expect(two.order).toEqual(one.order);
    expect(two.payment.package).toBe(one.payment.package);
    expect(two.payment.nonceStr).not.toBe(one.payment.nonceStr);
    expect(await world.calls(JSAPI)).toBe(before);
  });

  it('ten clicks at once are one order', async () => {
    const { token } = await loggedIn();
    const clicks = Array.from({ length: 10 }, () => buy(world.pay, { token, sku: 'coffee', idempotencyKey: 'k' }));
    const numbers = (await Promise.all(clicks)).map(({ order }) => order.outTradeNo);
    expect(new Set(numbers).size).toBe(1);
  });

  it('another purchase, or a settled order, is a conflict', async () => {
    const other = await twice({}, { quantity: 2 });
    await expect(other.again()).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    const { one, again } = await twice({});
    await settle(transactionFor(one.order.outTradeNo));
    await expect(again()).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT', detail: { state: 'PAID' } });
  });

  it('belongs to one account, and is forgotten after a day', async () => {
    const [a, b] = [await twice({}), await twice({})];
    expect(a.one.order.outTradeNo).not.toBe(b.one.order.outTradeNo);
    world.clock.offsetMs = 25 * 3_600_000;
    const { outTradeNo } = (await a.again().catch((error: unknown) => ({ order: { outTradeNo: String(error) } })))
      .order;
    world.clock.offsetMs = 0;
    expect(outTradeNo).not.toBe(a.one.order.outTradeNo);
  });
});
