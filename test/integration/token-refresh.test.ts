import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refreshTokens } from '../../lib/platform-token/refresh.ts';
import { platformTokens } from '../../lib/store/platform-tokens.ts';
import { loadTokenRefresh } from '../../lib/wiring/apps.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const STABLE = '/cgi-bin/stable_token';
const TICKET = '/cgi-bin/ticket/getticket';

describe('refreshTokens', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  beforeEach(async () => {
    for (const [appId, kind] of [
      [ids.miniapp.appId, 'access_token'],
      [ids.official.appId, 'access_token'],
      [ids.official.appId, 'jsapi_ticket'],
    ] as const) {
      const tokens = platformTokens(world.table, appId, kind);
      await tokens.expire((await tokens.read('strong'))?.value ?? '');
    }
  });
  afterAll(() => world.simulator.close());

  /** Runs the schedule in a cold instance, which shares only the table. */
  const run = async (options = {}) => refreshTokens(await loadTokenRefresh(world.outside), options);
  const stored = (appId: string, kind: string) => platformTokens(world.table, appId, kind).read('strong');
  const pass = async (ms: number) => {
    world.clock.offsetMs += ms;
    await world.simulator.advanceClock(ms);
  };

  it('stores one token for each app and the ticket', async () => {
    expect(await run()).toEqual({ living: 3, failed: [] });
    const values = await Promise.all([
      stored(ids.miniapp.appId, 'access_token'),
      stored(ids.official.appId, 'access_token'),
      stored(ids.official.appId, 'jsapi_ticket'),
    ]);
    expect(new Set(values.map((token) => token?.value)).size).toBe(3);
  });

  it('requests valid tokens with the option ask, without replacing them', async () => {
    await run();
    const [before, calls] = [await stored(ids.miniapp.appId, 'access_token'), await world.calls(STABLE)];
    expect(await run({ ask: true })).toEqual({ living: 3, failed: [] });
    expect((await world.calls(STABLE)) - calls).toBe(2);
    expect(await stored(ids.miniapp.appId, 'access_token')).toEqual(before);
    await world.faults(STABLE, '5xx');
    await expect(run({ ask: true })).rejects.toThrow(`WeChat returned no access_token of ${ids.miniapp.appId} (`);
    expect(await run()).toEqual({ living: 3, failed: [] });
  });

  it('keeps a valid token and renews it in its last five minutes, so that no caller waits', async () => {
    await run();
    const before = await stored(ids.miniapp.appId, 'access_token');
    const calls = await world.calls(STABLE);
    await run();
    expect(await world.calls(STABLE)).toBe(calls);
    await pass(before!.expiresAtMs - world.base.now() - 299_000);
    await run();
    const after = await stored(ids.miniapp.appId, 'access_token');
    expect(after).toMatchObject({ generation: before!.generation + 1 });
    expect(after!.value).not.toBe(before!.value);
    const renewed = await world.calls(STABLE);
    await Promise.all(
      Array.from({ length: 10 }, () => world.coldAccessToken('miniapp').withToken(async () => undefined)),
    );
    expect(await world.calls(STABLE)).toBe(renewed);
  });

  it('renews the other tokens when one fails, and throws when an access token fails', async () => {
    await world.faults(TICKET, '5xx');
    expect(await run()).toEqual({
      living: 2,
      failed: [expect.stringContaining(`jsapi_ticket of ${ids.official.appId} (WeChat`)],
    });
    const tokens = platformTokens(world.table, ids.miniapp.appId, 'access_token');
    await tokens.expire((await tokens.read('strong'))!.value);
    await pass(1_100);
    await world.faults(STABLE, '5xx');
    await expect(run()).rejects.toThrow(`no access_token of ${ids.miniapp.appId}`);
    expect((await stored(ids.official.appId, 'access_token'))!.expiresAtMs).toBeGreaterThan(world.base.now());
  });
});
