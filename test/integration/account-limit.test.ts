import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAppError } from '../../lib/core/errors.ts';
import { accountLimit } from '../../lib/rate-limit/rate-limit.ts';
import { meteredTable } from '../support/metered-table.ts';
import { createWorld, type World } from '../support/world.ts';

const MINUTE_MS = 60_000;

let world: World;
let names = 0;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.simulator.close());

/** Stands still, so that no test crosses the end of a window. Each test begins five seconds after a minute began. */
const clock = { nowMs: 0 };
beforeEach(() => (clock.nowMs = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS + 5_000));
const fresh = () => `route-${(names += 1)}`;

describe('accountLimit', () => {
  const instance = (name: string, { table = world.table, first = 2 } = {}) =>
    accountLimit({ table, now: () => clock.nowMs, log: world.base.log }, name, { windowS: 10, requests: 10, first });
  const send = async (limit: (accountId: string) => Promise<void>, accountId: string, times: number) => {
    let accepted = 0;
    for (let at = 0; at < times; at += 1) {
      try {
        await limit(accountId);
        accepted += 1;
      } catch (error) {
        expect(isAppError(error, 'RATE_LIMITED')).toBe(true);
      }
    }
    return accepted;
  };

  it('limits the requests of an account, whatever its address, and returns the seconds to wait', async () => {
    const limit = instance(fresh());
    expect(await send(limit, 'a', 100)).toBe(10);
    await expect(limit('a')).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 5 });
    expect(await send(limit, 'b', 1)).toBe(1);
    clock.nowMs += 5_000;
    expect(await send(limit, 'a', 100)).toBe(10);
  });

  it('writes nothing for one request', async () => {
    const { meter, table } = meteredTable(world.table);
    const limit = instance(fresh(), { table });
    await limit('a');
    expect(meter.writes).toBe(0);
    await limit('a');
    expect(meter.writes).toBe(1);
  });

  it('accepts at most one batch more for each instance of a burst over many instances', async () => {
    const name = fresh();
    const instances = Array.from({ length: 40 }, () => instance(name));
    const bursts = await Promise.all(instances.map((limit) => send(limit, 'a', 5)));
    expect(bursts.reduce((sum, accepted) => sum + accepted)).toBeLessThanOrEqual(10 + 40 * 2);
    expect(await send(instances[0]!, 'a', 5)).toBe(0);
  });

  it('accepts no request too many from instances that flush the first request', async () => {
    const name = fresh();
    let accepted = 0;
    for (let at = 0; at < 40; at += 1) accepted += await send(instance(name, { first: 1 }), 'a', 1);
    expect(accepted).toBe(10);
  });
});
