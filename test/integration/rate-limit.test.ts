import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError, type ErrorCode } from '../../lib/core/errors.ts';
import { STATUS } from '../../lib/http/error-response.ts';
import { addressLimit, type AddressLimits, type LimitAddress } from '../../lib/rate-limit/rate-limit.ts';
import { keepRatesInMemory } from '../support/floods.ts';
import { meteredTable } from '../support/metered-table.ts';
import { openWithoutDeadline } from '../support/table.ts';
import { createWorld, type World } from '../support/world.ts';

const LIMITS = { windowS: 60, successes: 16, failures: 8 };
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const BEIJING_OFFSET_MS = 8 * 3_600_000;

let world: World;
let names = 0;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.simulator.close());

/** Stands still, so that no test crosses the end of a window. Each test begins five seconds after midnight in Beijing. */
const clock = { nowMs: 0 };
beforeEach(() => (clock.nowMs = Math.ceil(Date.now() / DAY_MS) * DAY_MS - BEIJING_OFFSET_MS + 5_000));
const deps = (table = world.table) => ({ table, now: () => clock.nowMs, log: world.base.log });
const instanceOf = (name: string, table = world.table, limits: AddressLimits[] = [LIMITS]) =>
  addressLimit(deps(table), name, limits);
const fresh = () => `route-${(names += 1)}`;
const succeed = () => Promise.resolve('done');
const failWith = (code: ErrorCode) => () => Promise.reject(new AppError(code, 'no'));

/** Sends requests and returns how many of them ran. */
const run = async (limit: LimitAddress, address: string, times: number, work: () => Promise<string> = succeed) => {
  let ran = 0;
  for (let at = 0; at < times; at += 1) {
    const counted = () => ((ran += 1), work());
    await limit(address, counted).catch((error: unknown) => expect(error).toBeInstanceOf(AppError));
  }
  return ran;
};
describe('addressLimit', () => {
  it('returns the answer of the work, and its error', async () => {
    const limit = instanceOf(fresh());
    expect(await limit('203.0.113.1', succeed)).toBe('done');
    await expect(limit('203.0.113.1', failWith('NOT_FOUND'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('limits the successes of an address per minute and returns the seconds to wait', async () => {
    const limit = instanceOf(fresh());
    expect(await run(limit, '203.0.113.1', 50)).toBe(LIMITS.successes);
    const rejected = limit('203.0.113.1', succeed);
    await expect(rejected).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 55 });
    expect(await run(limit, '203.0.113.2', 1)).toBe(1);
    clock.nowMs += 55_000;
    expect(await run(limit, '203.0.113.1', 50)).toBe(LIMITS.successes);
  });

  it('counts failures apart from successes, and rejects an address that has exhausted either', async () => {
    const limit = instanceOf(fresh());
    expect(await run(limit, '203.0.113.1', 7, failWith('WECHAT_CODE_INVALID'))).toBe(7);
    expect(await run(limit, '203.0.113.1', 15)).toBe(15);
    expect(await run(limit, '203.0.113.1', 9, failWith('WECHAT_CODE_INVALID'))).toBe(1);
    expect(await run(limit, '203.0.113.1', 1)).toBe(0);
    expect(await run(limit, '203.0.113.2', 1)).toBe(1);
  });

  it.each(Object.entries(STATUS) as [ErrorCode, number][])(
    'counts %s (%i) as a failure only if the client caused it',
    async (code, status) => {
      const isByClient = status < 500 && status !== 429;
      const ran = await run(instanceOf(fresh()), '203.0.113.1', 20, failWith(code));
      expect(ran).toBe(isByClient ? LIMITS.failures : 20);
    },
  );

  it('does not count an unexpected error as a failure', async () => {
    const limit = instanceOf(fresh());
    for (let at = 0; at < 20; at += 1) {
      await expect(limit('203.0.113.1', () => Promise.reject(new TypeError('bug')))).rejects.toThrow('bug');
    }
  });

  it('counts over all instances, which exceed the limit by at most one batch each', async () => {
    const name = fresh();
    const instances = Array.from({ length: 4 }, () => instanceOf(name, openWithoutDeadline(world.table.name)));
    let ran = 0;
    for (let round = 0; round < 40; round += 1) {
      for (const instance of instances) ran += await run(instance, '203.0.113.9', 1);
    }
    expect(ran).toBeGreaterThanOrEqual(LIMITS.successes);
    expect(ran).toBeLessThanOrEqual(LIMITS.successes + instances.length * (LIMITS.successes / 8));
  });

  it('writes nothing for an ordinary client and one batch for many requests of a flood', async () => {
    const { meter, table } = meteredTable(world.table);
    const limit = instanceOf(fresh(), table, [{ windowS: 60, successes: 80, failures: 80 }]);
    await run(limit, '203.0.113.3', 9);
    await run(limit, '203.0.113.3', 9, failWith('WECHAT_CODE_INVALID'));
    expect(meter.writes).toBe(0);
    await run(limit, '203.0.113.3', 1_000);
    expect(meter.writes).toBe(8);
  });

  it('caps the batches of a large limit, because unflushed counts are lost with an instance', async () => {
    const name = fresh();
    const large = [{ windowS: 86_400, successes: 2_000 }];
    let ran = 0;
    for (let instance = 0; instance < 25; instance += 1) {
      ran += await run(instanceOf(name, world.table, large), '203.0.113.6', 199);
    }
    expect(ran).toBeLessThanOrEqual(2_000 + 25 * 100);
  });

  it('counts an IPv6 /64 as one address, a /56 as four and a /48 as thirty-two', async () => {
    const limit = instanceOf(fresh());
    expect(await run(limit, '2001:db8:1:2::1', 10)).toBe(10);
    expect(await run(limit, '2001:db8:1:2:ffff::9', 10)).toBe(6);
    const runNetwork = async (high: string) => {
      let ran = 0;
      for (let low = 0x10; low < 0x18; low += 1)
        ran += await run(limit, `2001:db8:1:${high}${low.toString(16)}::1`, 10);
      return ran;
    };
    expect(await runNetwork('')).toBe(3 * LIMITS.successes);
    for (let high = 0x10; high < 0x17; high += 1) {
      expect(await runNetwork(high.toString(16))).toBe(4 * LIMITS.successes);
    }
    expect(await runNetwork('ff')).toBe(0);
    expect(await run(limit, '2001:db8:2::1', 1)).toBe(1);
  });

  it('counts the mapped spellings of an IPv4 address together with the address', async () => {
    const limit = instanceOf(fresh());
    expect(await run(limit, '203.0.113.9', 6)).toBe(6);
    expect(await run(limit, '::ffff:203.0.113.9', 6)).toBe(6);
    expect(await run(limit, '::ffff:cb00:7109', 6)).toBe(4);
  });

  it('applies a limit per minute and a limit per day together, and the day begins in Beijing', async () => {
    const limit = instanceOf(fresh(), world.table, [LIMITS, { windowS: 86_400, successes: 24 }]);
    expect(await run(limit, '203.0.113.5', 30)).toBe(16);
    clock.nowMs += MINUTE_MS;
    expect(await run(limit, '203.0.113.5', 30)).toBe(8);
    await expect(limit('203.0.113.5', succeed)).rejects.toMatchObject({ retryAfterSeconds: 86_400 - 65 });
    clock.nowMs += DAY_MS;
    expect(await run(limit, '203.0.113.5', 1)).toBe(1);
  });

  it('runs the work when the flush to the table fails', async () => {
    const { meter, table } = meteredTable(world.table);
    meter.broken = true;
    const limit = instanceOf(fresh(), table, [
      { ...LIMITS, quota: { calls: 100, scarce: { windowS: 60, successes: 5 } } },
    ]);
    expect(await run(limit, '203.0.113.4', 10)).toBe(10);
    expect(meter.writes).toBeGreaterThan(0);
  });
});

describe('addressLimit with a quota', () => {
  const HOUR_MS = 60 * MINUTE_MS;
  const SCARCE = { windowS: 3_600, successes: 10 };
  const QUOTA = { windowS: 86_400, successes: 1_000, failures: 1_000, quota: { calls: 400, scarce: SCARCE } };
  const quotaOf = (name: string) => instanceOf(name, world.table, [QUOTA]);
  /** Spends the quota from another address until it is scarce. */
  const makeScarce = async (name: string) => expect(await run(quotaOf(name), '198.51.100.1', 400)).toBe(310);

  it('gives each address ten successes an hour once three quarters of the quota are spent', async () => {
    const limit = quotaOf(fresh());
    expect(await run(limit, '203.0.113.1', 400)).toBe(300 + 10);
    expect(await run(limit, '203.0.113.2', 300)).toBe(10);
    await expect(limit('203.0.113.2', succeed)).rejects.toMatchObject({ retryAfterSeconds: 3_600 - 5 });
    clock.nowMs += HOUR_MS;
    expect(await run(limit, '203.0.113.2', 300)).toBe(10);
    clock.nowMs += DAY_MS;
    expect(await run(limit, '203.0.113.1', 100)).toBe(100);
  });

  it('gives an address with many earlier successes as many scarce ones as any other', async () => {
    const name = fresh();
    expect(await run(quotaOf(name), '203.0.113.5', 90)).toBe(90);
    expect(await run(quotaOf(name), '198.51.100.1', 400)).toBe(210 + 10);
    expect(await run(quotaOf(name), '203.0.113.5', 90)).toBe(10);
  });

  it.each<ErrorCode>(['WECHAT_UNAVAILABLE', 'WECHAT_TIMEOUT', 'RATE_LIMITED', 'INTERNAL', 'PARAM_ERROR'])(
    'gives the scarce success of a request back that ends with %s',
    async (code) => {
      const name = fresh();
      await makeScarce(name);
      for (const limit of [quotaOf(name), quotaOf(name), quotaOf(name)]) {
        expect(await run(limit, '203.0.113.5', 30, failWith(code))).toBe(30);
      }
      expect(await run(quotaOf(name), '203.0.113.5', 30)).toBe(10);
    },
  );

  it('gives the scarce successes of concurrent requests back that WeChat declines', async () => {
    const name = fresh();
    await makeScarce(name);
    const fleet = Array.from({ length: 30 }, () => quotaOf(name));
    await Promise.allSettled(fleet.map((limit) => limit('203.0.113.5', failWith('WECHAT_UNAVAILABLE'))));
    expect(await run(quotaOf(name), '203.0.113.5', 30)).toBe(10);
  });

  it('spends the quota by successes only', async () => {
    const limit = quotaOf(fresh());
    for (let n = 0; n < 5; n += 1) await run(limit, `198.51.100.${n}`, 100, failWith('WECHAT_CODE_INVALID'));
    for (let n = 0; n < 5; n += 1) await run(limit, `198.51.100.${n}`, 100, failWith('WECHAT_UNAVAILABLE'));
    expect(await run(limit, '203.0.113.1', 400)).toBe(310);
  });

  it('keeps an address to its share on instances that start while the quota is scarce', async () => {
    const name = fresh();
    await makeScarce(name);
    let ran = 0;
    for (let instance = 0; instance < 50; instance += 1) {
      ran += await run(quotaOf(name), '198.51.100.1', 1);
      ran += await run(quotaOf(name), '203.0.113.2', 5);
    }
    expect(ran).toBe(10);
  });

  it('is seen as scarce by sixty instances with few requests each', async () => {
    const name = fresh();
    const fleet = Array.from({ length: 60 }, () => quotaOf(name));
    let ran = 0;
    for (let round = 0; round < 10; round += 1) {
      for (const limit of fleet) ran += await run(limit, `198.51.100.${round % 5}`, 1);
    }
    // Each instance sees the quota of its last request, so each accepts at most one request more.
    expect(ran).toBeLessThanOrEqual(300 + 60 + 5 * SCARCE.successes);
  });

  it('makes each instance hide at most one success of an address', async () => {
    const name = fresh();
    const limits = [{ windowS: 60, successes: 160, quota: { calls: 5_000, scarce: SCARCE } }];
    const fleet = Array.from({ length: 50 }, () => instanceOf(name, world.table, limits));
    let ran = 0;
    for (let round = 0; round < 10; round += 1) {
      for (const limit of fleet) ran += await run(limit, '203.0.113.1', 1);
    }
    expect(ran).toBeLessThanOrEqual(160 + 50 * 2);
  });

  it('counts the quota when thousands of addresses evict each other', async () => {
    const quota = { calls: 14_000, scarce: { windowS: 3_600, successes: 1 } };
    // In memory, because the test flushes thousands of batches.
    const table = openWithoutDeadline(world.table.name);
    keepRatesInMemory(table);
    const limit = instanceOf(fresh(), table, [{ ...QUOTA, quota }]);
    for (let n = 0; n < 10_500; n += 1) await run(limit, `10.0.${n >> 8}.${n & 255}`, 1);
    expect(await run(limit, '203.0.113.1', 2)).toBe(1);
  });
});
