import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { buy, createBuyers, transactionFor } from '../support/buyers.ts';
import { createWorld, type World } from '../support/world.ts';

const JSAPI = '/v3/pay/transactions/jsapi';

let world: World;
let loggedIn: Buyers['loggedIn'];
let settle: Buyers['settle'];
beforeAll(async () => {
  world = await createWorld();
  ({ loggedIn, settle } = await createBuyers(world));
  await putCatalog(world.base, { items: [{ sku: 'tea', description: 'Tea', kind: 'goods', unitFen: 700 }] });
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

  it('ten clicks at once on a code are one call of WeChat, and one code: the next one would void it', async () => {
    const { token } = await loggedIn();
    const before = await world.calls('/v3/pay/transactions/native');
    const click = () => buy(world.pay, { token, tradeType: 'NATIVE', idempotencyKey: 'code' });
    const codes = (await Promise.all(Array.from({ length: 10 }, click))).map(({ payment }) => JSON.stringify(payment));
    expect(new Set(codes).size).toBe(1);
    expect((await world.calls('/v3/pay/transactions/native')) - before).toBe(1);
  });

  it('stands for what was asked for, whatever it costs by now', async () => {
    const { one, again } = await twice({ sku: 'tea' });
    await putCatalog(world.base, { items: [{ sku: 'tea', description: 'Tea', kind: 'goods', unitFen: 999 }] });
    expect((await again()).order).toEqual(one.order);
    await putCatalog(world.base, { items: [{ sku: 'tea', description: 'Tea', kind: 'goods', unitFen: 700 }] });
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
