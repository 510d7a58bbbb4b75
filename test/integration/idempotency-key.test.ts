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
    return { token, placed: await order(first), repeat: () => order(second) };
  };

  it('returns the same order with a new signature for a repeat, without another call to WeChat', async () => {
    const { placed, repeat } = await twice({});
    const before = await world.calls(JSAPI);
    const repeated = await repeat();
    expect(repeated.order).toEqual(placed.order);
    expect(repeated.payment.package).toBe(placed.payment.package);
    expect(repeated.payment.nonceStr).not.toBe(placed.payment.nonceStr);
    expect(await world.calls(JSAPI)).toBe(before);
  });

  it('places one order for ten concurrent requests', async () => {
    const { token } = await loggedIn();
    const requests = Array.from({ length: 10 }, () => buy(world.pay, { token, sku: 'coffee', idempotencyKey: 'k' }));
    const numbers = (await Promise.all(requests)).map(({ order }) => order.outTradeNo);
    expect(new Set(numbers).size).toBe(1);
  });

  it('calls WeChat once for ten concurrent NATIVE requests, because a second code would void the first', async () => {
    const { token } = await loggedIn();
    const before = await world.calls('/v3/pay/transactions/native');
    const request = () => buy(world.pay, { token, tradeType: 'NATIVE', idempotencyKey: 'code' });
    const codes = (await Promise.all(Array.from({ length: 10 }, request))).map(({ payment }) =>
      JSON.stringify(payment),
    );
    expect(new Set(codes).size).toBe(1);
    expect((await world.calls('/v3/pay/transactions/native')) - before).toBe(1);
  });

  it('returns the first order after the price has changed', async () => {
    const { placed, repeat } = await twice({ sku: 'tea' });
    await putCatalog(world.base, { items: [{ sku: 'tea', description: 'Tea', kind: 'goods', unitFen: 999 }] });
    expect((await repeat()).order).toEqual(placed.order);
    await putCatalog(world.base, { items: [{ sku: 'tea', description: 'Tea', kind: 'goods', unitFen: 700 }] });
  });

  it('rejects the key of another purchase and of a settled order', async () => {
    const other = await twice({}, { quantity: 2 });
    await expect(other.repeat()).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    const { placed, repeat } = await twice({});
    await settle(transactionFor(placed.order.outTradeNo));
    await expect(repeat()).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT', detail: { state: 'PAID' } });
  });

  it('applies to one account, for a day', async () => {
    const [a, b] = [await twice({}), await twice({})];
    expect(a.placed.order.outTradeNo).not.toBe(b.placed.order.outTradeNo);
    world.clock.offsetMs = 25 * 3_600_000;
    const { outTradeNo } = (await a.repeat().catch((error: unknown) => ({ order: { outTradeNo: String(error) } })))
      .order;
    world.clock.offsetMs = 0;
    expect(outTradeNo).not.toBe(a.placed.order.outTradeNo);
  });
});
