// Runs of the sweep: races, crashes, outages of WeChat, and their limits.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sweepShipments } from '../../lib/shipping/sweep-shipments.ts';
import { writeShipment } from '../../lib/store/shipments.ts';
import { interceptCommands, isWrite } from '../support/crashes.ts';
import { withMetrics } from '../support/metrics.ts';
import { createTradeWorld, PARCEL, type TradeWorld } from '../support/trade-world.ts';
import { DAY_MS, GET_ORDER, HOUR_MS, MINUTE_MS } from '../support/trade-controls.ts';

let world: TradeWorld;
beforeAll(async () => {
  world = await createTradeWorld();
});
afterAll(() => world.close());
beforeEach(() => world.clear());

/** Pays an order, and starts its shipment. */
const started = async () => {
  const order = await world.paidOrder();
  await world.start(order);
  return order;
};

describe('a run of shipping-sweep', () => {
  it('asks again when another writer changes the shipment between the answer of WeChat and the write', async () => {
    const order = await started();
    await world.faults('trade-push', 'no-push', 10);
    await world.shipByHand(order);
    await world.wait(DAY_MS);
    const before = await world.calls(GET_ORDER);
    let isFirst = true;
    const end = interceptCommands(world.table, async ({ name }, send) => {
      if (name === 'Put' && isFirst) {
        isFirst = false;
        const seen = (await world.shipmentOf(order))!;
        await writeShipment(world.table, seen, { ...seen, deliveryNotifiedAt: seen.paidAt }, Date.now());
      }
      return send();
    });
    await world.sweep();
    end();
    expect((await world.calls(GET_ORDER)) - before).toBe(2);
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'shipped', deliveryNotifiedAt: expect.any(String) });
  });

  it.each([0, 1])('looks again five minutes after a crash behind %i writes', async (writes) => {
    const order = await started();
    await world.faults('trade-push', 'no-push', 10);
    await world.shipByHand(order);
    await world.wait(DAY_MS);
    let done = 0;
    const end = interceptCommands(world.table, async ({ name }, send) => {
      if (isWrite(name) && (done += 1) > writes) throw new Error('crash');
      return send();
    });
    expect(await world.sweep()).toMatchObject({ failed: 1 });
    end();
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'to-ship' });
    await world.wait(6 * MINUTE_MS);
    expect(await world.sweep()).toMatchObject({ visited: 1, failed: 0 });
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'shipped', parcels: [PARCEL] });
  });

  it('looks at each shipment once when two runs overlap', async () => {
    for (let index = 0; index < 3; index += 1) await started();
    await world.wait(25 * HOUR_MS);
    const before = await world.calls(GET_ORDER);
    const runs = await Promise.all([world.sweep(), world.sweep()]);
    expect(runs.reduce((sum, { visited }) => sum + visited, 0)).toBe(3);
    expect((await world.calls(GET_ORDER)) - before).toBe(3);
  });

  it('ends a run after eight failures in a row, counts it, and leaves the rest to the next run', async () => {
    for (let index = 0; index < 20; index += 1) await started();
    await world.wait(25 * HOUR_MS);
    await world.faults(GET_ORDER, '5xx', 10_000);
    const [run, metrics] = await withMetrics(() => world.sweep());
    expect(run).toMatchObject({ more: true });
    expect(run.failed).toBe(run.visited);
    // The looks that were under way at the eighth failure end as well.
    expect(run.visited).toBeLessThan(8 + 4);
    expect(metrics).toEqual(['UnfinishedSweeps']);
    await world.calm();
    expect(await world.sweep()).toEqual({ visited: 20 - run.visited, failed: 0, more: false });
    await world.wait(6 * MINUTE_MS);
    expect(await world.sweep()).toEqual({ visited: run.visited, failed: 0, more: false });
  });

  it('visits every order although WeChat does not have the payments yet', async () => {
    await world.setTrade({ knownAfterMs: HOUR_MS });
    for (let index = 0; index < 16; index += 1) {
      const order = await world.paidOrder({ sku: 'top-up', amountFen: 5_000 });
      await world.start(order);
    }
    await world.wait(6 * MINUTE_MS);
    const [run, metrics] = await withMetrics(() => world.sweep());
    await world.setTrade({ knownAfterMs: 2_000 });
    expect(run).toEqual({ visited: 16, failed: 16, more: false });
    expect(metrics).toEqual([]);
  });

  it('ends a run when WeChat limits the calls', async () => {
    for (let index = 0; index < 10; index += 1) await started();
    await world.wait(25 * HOUR_MS);
    await world.errcode(GET_ORDER, 45_009, 10_000);
    const before = await world.calls(GET_ORDER);
    expect(await world.sweep()).toMatchObject({ more: true });
    expect((await world.calls(GET_ORDER)) - before).toBeLessThanOrEqual(4);
  });

  it('starts no look after its time is used up', async () => {
    await started();
    await world.wait(25 * HOUR_MS);
    let reads = 0;
    const now = () => Date.now() + (reads++ === 0 ? 0 : 51_000);
    expect(await sweepShipments({ ...world.deps.sweep, now })).toEqual({ visited: 0, failed: 0, more: true });
  });

  it('keeps the shipment of an order of a former mini-program, and logs an error once a day', async () => {
    const order = await started();
    await world.wait(25 * HOUR_MS);
    const deps = { ...world.deps.sweep, app: { ...world.deps.sweep.app, appId: 'wx3333333333333333' } };
    const logged = world.lines.length;
    for (let run = 0; run < 2; run += 1) await sweepShipments(deps);
    expect(world.lines.slice(logged).filter((line) => line.includes('shipment.foreign'))).toHaveLength(1);
    expect(await world.shipmentOf(order)).toMatchObject({ state: 'to-ship' });
  });
});
