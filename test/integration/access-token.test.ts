import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { tokenOwner } from '../../lib/platform-token/owner.ts';
import { platformTokens } from '../../lib/store/platform-tokens.ts';
import { fetchStableToken } from '../../lib/wechat/stable-token.ts';
import { platformError, PlatformError } from '../../lib/wechat/platform-error.ts';
import { createWorld, type World } from '../support/world.ts';

const STABLE_TOKEN = '/cgi-bin/stable_token';
const echo = async (token: string) => token;
const minutes = (count: number) => count * 60_000;

describe('access token owner', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.simulator.close());

  const fiftyColdCallers = () => Promise.all(Array.from({ length: 50 }, () => world.coldAccessToken().withToken(echo)));

  it('calls WeChat once for fifty cold instances without a token', async () => {
    const tokens = await fiftyColdCallers();
    expect(new Set(tokens).size).toBe(1);
    expect(await world.calls(STABLE_TOKEN)).toBe(1);
  });

  it('renews a token once for fifty instances in its last five minutes, while the old token stays valid', async () => {
    const [old] = await fiftyColdCallers();
    await world.simulator.advanceClock(minutes(116));
    world.clock.offsetMs = minutes(116);
    const tokens = await fiftyColdCallers();
    expect(await world.calls(STABLE_TOKEN)).toBe(2);
    expect(new Set(tokens).size).toBe(2);
    expect(tokens).toContain(old);
  });

  it('keeps a token in memory for a minute', async () => {
    const { official, base } = world;
    const stored = platformTokens(base.table, official.app.appId, 'access_token');
    let reads = 0;
    const counted = {
      ...stored,
      read: (...given: Parameters<typeof stored.read>) => ((reads += 1), stored.read(...given)),
    };
    const { appId } = official.app;
    const request = () => fetchStableToken(base, official.app);
    const owner = tokenOwner({ ...base, tokens: counted }, { appId, kind: 'access_token', request });
    for (const atMs of [0, 59_000, 61_000]) {
      world.clock.offsetMs = atMs;
      await owner.withToken(echo);
    }
    expect(reads).toBe(2);
  });

  it('rejects a write of an older generation and a write without the lease', async () => {
    const tokens = platformTokens(world.table, 'wx-generation', 'access_token');
    const nowMs = world.base.now();
    const lease = { nowMs, staleAtMs: nowMs, untilMs: nowMs + 1_000 };
    expect(await tokens.takeLease({ ...lease, owner: 'slow' })).toEqual({ taken: true, generation: 0 });
    const later = { nowMs: nowMs + 2_000, staleAtMs: nowMs + 2_000, untilMs: nowMs + 9_000 };
    expect(await tokens.takeLease({ ...later, owner: 'next' })).toEqual({ taken: true, generation: 0 });
    const expiresAtMs = nowMs + 7_200_000;
    expect(await tokens.put({ owner: 'slow', value: 'old', expiresAtMs, generation: 1 })).toBe(false);
    expect(await tokens.put({ owner: 'next', value: 'new', expiresAtMs, generation: 1 })).toBe(true);
    expect(await tokens.put({ owner: 'next', value: 'again', expiresAtMs, generation: 1 })).toBe(false);
    expect(await tokens.read('strong')).toMatchObject({ value: 'new', generation: 1 });
  });

  it('waits a second after a failure before the next call to WeChat', async () => {
    await world.faults('stable_token', '5xx', 1);
    await expect(world.coldAccessToken().withToken(echo)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    const began = Date.now();
    await world.coldAccessToken().withToken(echo);
    expect(Date.now() - began).toBeGreaterThan(800);
    expect(await world.calls(STABLE_TOKEN)).toBe(2);
  });

  const rejection = (errcode: number) => platformError('OFFICIAL', new PlatformError(errcode, ''));

  it.each([40001, 40014, 42001])('expires a token that WeChat rejects with %i, and retries once', async (errcode) => {
    const owner = world.coldAccessToken();
    let tries = 0;
    const answer = await owner.withToken(async (token) => {
      tries += 1;
      if (tries === 1) throw rejection(errcode);
      return token;
    });
    expect(answer).toBeTypeOf('string');
    expect(await world.calls(STABLE_TOKEN)).toBe(2);
  });

  it('gives up after the second rejection', async () => {
    const owner = world.coldAccessToken();
    let tries = 0;
    const call = owner.withToken(async () => {
      tries += 1;
      throw rejection(40001);
    });
    await expect(call).rejects.toBeInstanceOf(AppError);
    expect(tries).toBe(2);
  });

  it('drops a rejected token even when the renewal fails', async () => {
    const owner = world.coldAccessToken();
    const rejected = await owner.withToken(echo);
    await world.faults('stable_token', '5xx', 1);
    const failing = owner.withToken(async () => {
      throw rejection(40001);
    });
    await expect(failing).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    await world.simulator.advanceClock(minutes(116));
    world.clock.offsetMs = 2_000;
    expect(await owner.withToken(echo)).not.toBe(rejected);
  });

  it('keeps a token that another instance renewed before the old token was rejected', async () => {
    const slow = world.coldAccessToken();
    let tries = 0;
    const used = await slow.withToken(async (token) => {
      tries += 1;
      if (tries > 1) return token;
      await world.simulator.advanceClock(minutes(116));
      world.clock.offsetMs = minutes(116);
      await world.coldAccessToken().withToken(echo);
      throw rejection(40001);
    });
    expect(used).toBe(await world.coldAccessToken().withToken(echo));
    expect(await world.calls(STABLE_TOKEN)).toBe(2);
  });

  it('fails one of twenty callers when WeChat fails once, and the others wait for the retry', async () => {
    await world.faults('stable_token', '5xx', 1);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => world.coldAccessToken().withToken(echo)),
    );
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(await world.calls(STABLE_TOKEN)).toBe(2);
  });

  it('returns the old token until its end when the renewal fails', async () => {
    const old = await world.coldAccessToken().withToken(echo);
    world.clock.offsetMs = minutes(116);
    await world.faults('stable_token', '5xx', 1);
    expect(await world.coldAccessToken().withToken(echo)).toBe(old);
  });

  it('names the secret that WeChat rejects', async () => {
    vi.stubEnv('OFFICIAL_APP_SECRET', 'wrong');
    const call = world.coldAccessToken().withToken(echo);
    await expect(call.finally(() => vi.unstubAllEnvs())).rejects.toMatchObject({
      code: 'WECHAT_CONFIG',
      message: 'WeChat rejected OFFICIAL_APP_SECRET',
    });
  });
});
