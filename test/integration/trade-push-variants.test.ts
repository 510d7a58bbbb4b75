// Pushes about orders as WeChat may send them: repeated, late, or with another form of times.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTradeWorld, type TradeWorld } from '../support/trade-world.ts';
import { DAY_MS, GET_ORDER } from '../support/trade-controls.ts';

let world: TradeWorld;
beforeAll(async () => {
  world = await createTradeWorld();
});
afterAll(() => world.close());
beforeEach(() => world.clear());

it.each(['duplicate', 'late', 'numbers-as-text'])(
  'settles a shipped order by the pushes alone when each of them is special: %s',
  async (action) => {
    const order = await world.paidOrder({ sku: 'top-up', amountFen: 500 });
    await world.faults('trade-push', action, 10);
    await world.start(order);
    const before = (await world.shipmentOf(order))!;
    expect(before).toMatchObject({ state: 'shipped' });
    const asked = await world.calls(GET_ORDER);
    // Settled on the second day, and reported on the third at the latest.
    for (let day = 0; day < 4; day += 1) await world.wait(DAY_MS);
    const after = (await world.shipmentOf(order))!;
    expect(after).toMatchObject({ state: 'settled', confirmReceiveMethod: '1' });
    expect(Math.round((Date.parse(after.settledAt!) - Date.parse(before.shippedAt!)) / DAY_MS)).toBe(2);
    expect(world.eventsBetween(before, after)).toEqual(['order.received', 'order.settled']);
    expect(await world.merchantOrder(order)).toMatchObject({ frozenFen: 0, settledFen: 500 });
    expect(await world.calls(GET_ORDER)).toBe(asked);
  },
);
