import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rateLimit } from '../../lib/rate-limit/rate-limit.ts';
import { openWithoutDeadline } from '../support/table.ts';
import { createWorld, type World } from '../support/world.ts';

const LIMITS = { windowS: 60, perAddress: 16, perApp: 64 };
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

describe('rateLimit', () => {
  let world: World;
  let names = 0;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  /** Stands still, so that no test crosses the end of a window. Each test begins five seconds after midnight UTC. */
  const clock = { nowMs: 0 };
  beforeEach(() => (clock.nowMs = Math.ceil(Date.now() / DAY_MS) * DAY_MS + 5_000));
  const instanceOf = (name: string, table = world.table, limits = [LIMITS]) =>
    rateLimit({ table, now: () => clock.nowMs, log: world.base.log }, name, limits);
  const fresh = () => `route-${(names += 1)}`;
  const allowed = async (limit: (address: string) => Promise<void>, address: string, times: number) => {
    let passed = 0;
    for (let i = 0; i < times; i += 1) {
      try {
        await limit(address);
        passed += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: 'RATE_LIMITED' });
      }
    }
    return passed;
  };

  it('limits an address per minute and returns the seconds to wait', async () => {
    const limit = instanceOf(fresh());
    expect(await allowed(limit, '203.0.113.1', 50)).toBe(LIMITS.perAddress);
    await expect(limit('203.0.113.1')).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 55 });
    expect(await allowed(limit, '203.0.113.2', 1)).toBe(1);
    clock.nowMs += 55_000;
    expect(await allowed(limit, '203.0.113.1', 1)).toBe(1);
  });

  it('limits all addresses together', async () => {
    const limit = instanceOf(fresh());
    const passed = await Promise.all(Array.from({ length: 30 }, (_, i) => allowed(limit, `198.51.100.${i}`, 10)));
    expect(passed.reduce((sum, one) => sum + one)).toBe(LIMITS.perApp);
  });

  it('counts over all instances, which exceed the limit by at most one batch each', async () => {
    const name = fresh();
    const instances = Array.from({ length: 4 }, () => instanceOf(name, openWithoutDeadline(world.table.name)));
    let passed = 0;
    for (let round = 0; round < 40; round += 1) {
      for (const instance of instances) passed += await allowed(instance, '203.0.113.9', 1);
    }
    expect(passed).toBeGreaterThanOrEqual(LIMITS.perAddress);
    expect(passed).toBeLessThanOrEqual(LIMITS.perAddress + instances.length * (LIMITS.perAddress / 8));
  });

  it('writes nothing for an ordinary caller and one batch for many requests of a flood', async () => {
    let writes = 0;
    const send = (command: unknown) => ((writes += 1), world.table.client.send(command as never));
    const counting = { ...world.table, client: { send } };
    const limit = instanceOf(fresh(), counting as never, [{ windowS: 60, perAddress: 80, perApp: 8_000 }]);
    await allowed(limit, '203.0.113.3', 9);
    expect(writes).toBe(0);
    await allowed(limit, '203.0.113.3', 1_000);
    expect(writes).toBe(8);
  });

  it('caps the batches of a large limit, because unflushed counts are lost with an instance', async () => {
    const LARGE = { windowS: 86_400, perAddress: 10_000, perApp: 2_000 };
    const name = fresh();
    let passed = 0;
    for (let instance = 0; instance < 25; instance += 1) {
      passed += await allowed(instanceOf(name, world.table, [LARGE]), '203.0.113.6', 199);
    }
    expect(passed).toBeLessThanOrEqual(LARGE.perApp + 25 * 100);
    expect(await allowed(instanceOf(name, world.table, [LARGE]), '203.0.113.7', 101)).toBe(100);
  });

  it('counts the requests of the app when thousands of addresses evict each other', async () => {
    const limit = instanceOf(fresh(), world.table, [{ windowS: 86_400, perAddress: 10, perApp: 12_000 }]);
    let passed = 0;
    for (let n = 0; n < 13_000; n += 1) passed += await allowed(limit, `10.0.${n >> 8}.${n & 255}`, 1);
    expect(passed).toBe(12_000);
  });

  it('counts an IPv6 /64 as one address', async () => {
    const limit = instanceOf(fresh());
    expect(await allowed(limit, '2001:db8:1:2::1', 10)).toBe(10);
    expect(await allowed(limit, '2001:db8:1:2:ffff::9', 10)).toBe(6);
    expect(await allowed(limit, '2001:db8:1:3::1', 10)).toBe(10);
    expect(await allowed(limit, '::1', 10)).toBe(10);
  });

  it('applies a limit per minute and a limit per day together', async () => {
    const limit = instanceOf(fresh(), world.table, [LIMITS, { windowS: 86_400, perAddress: 24, perApp: 1_000 }]);
    expect(await allowed(limit, '203.0.113.5', 30)).toBe(16);
    clock.nowMs += MINUTE_MS;
    expect(await allowed(limit, '203.0.113.5', 30)).toBe(8);
    await expect(limit('203.0.113.5')).rejects.toMatchObject({ retryAfterSeconds: 86_400 - 65 });
  });

  it('allows requests when the flush to the table fails', async () => {
    const broken = { ...world.table, client: { send: () => Promise.reject(new Error('no table')) } };
    const limit = instanceOf(fresh(), broken as never);
    expect(await allowed(limit, '203.0.113.4', 10)).toBe(10);
  });
});
