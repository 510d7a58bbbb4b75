import { beforeEach, describe, expect, it } from 'vitest';
import type { SecretName } from '../../../../lib/core/config.ts';
import { MAX_AGE_MS, secretCache } from '../../../../lib/secrets/cache.ts';

const TOKEN = 'OFFICIAL_TOKEN';
const KEY = 'PAY_API_V3_KEY';

let nowMs: number;
let store: Map<string, string>;
let outage: Error | undefined;
let reads: { names: SecretName[]; retry: boolean }[];
let warnings: unknown[];
const cache = () =>
  secretCache({
    now: () => nowMs,
    log: {
      info: () => undefined,
      warn: (event, fields) => void warnings.push([event, fields]),
      error: () => undefined,
    },
    readStore: async (request) => {
      reads.push(request);
      if (outage) throw outage;
      return new Map(store);
    },
  });

beforeEach(() => {
  nowMs = 1_000_000;
  store = new Map([
    [TOKEN, 'one'],
    [KEY, ' padded\n'],
  ]);
  outage = undefined;
  reads = [];
  warnings = [];
});

describe('secretCache', () => {
  it('reads the store once for concurrent callers, and then serves from memory', async () => {
    const { read } = cache();
    expect(await Promise.all([read([TOKEN]), read([KEY]), read([TOKEN])])).toEqual([['one'], ['padded'], ['one']]);
    expect(await read([KEY, TOKEN])).toEqual(['padded', 'one']);
    expect(reads).toEqual([{ names: [TOKEN, KEY], retry: true }]);
  });

  it('reads all cached names again after MAX_AGE_MS, without retries', async () => {
    const { read } = cache();
    await read([TOKEN]);
    await read([KEY]);
    store.set(TOKEN, 'two');
    nowMs += MAX_AGE_MS - 1;
    expect(await read([TOKEN])).toEqual(['one']);
    nowMs += MAX_AGE_MS;
    expect(await read([TOKEN])).toEqual(['two']);
    expect(reads.slice(2)).toEqual([{ names: [TOKEN, KEY], retry: false }]);
  });

  it('caches a missing secret for MAX_AGE_MS', async () => {
    store.delete(KEY);
    const { read } = cache();
    expect(await read([KEY])).toEqual([undefined]);
    store.set(KEY, 'new');
    expect(await read([KEY])).toEqual([undefined]);
    nowMs += MAX_AGE_MS;
    expect(await read([KEY])).toEqual(['new']);
  });

  it('changes its revision only when a secret changes, appears or disappears', async () => {
    const { read, revision } = cache();
    const revisions = [await revision()];
    await read([TOKEN]);
    await read([KEY]);
    for (const change of [
      () => undefined,
      () => store.set(TOKEN, 'two'),
      () => store.delete(KEY),
      () => store.set(KEY, 'x'),
    ]) {
      change();
      nowMs += MAX_AGE_MS;
      revisions.push(await revision());
    }
    expect(revisions).toEqual([0, 0, 1, 2, 3]);
  });

  it('treats a blank value as missing and trims other values, as for a variable', async () => {
    store = new Map([
      [TOKEN, ' \n'],
      [KEY, ' AA\n'],
    ]);
    expect(await cache().read([TOKEN, KEY])).toEqual([undefined, 'AA']);
  });

  it('returns revision 0 without reading the store while the cache is empty', async () => {
    expect(await cache().revision()).toBe(0);
    expect(reads).toEqual([]);
  });

  it('serves cached secrets while the store is down, waits ten seconds before a retry, and logs a warning', async () => {
    const { read, revision } = cache();
    await read([TOKEN]);
    outage = new Error('unreachable');
    nowMs += MAX_AGE_MS;
    expect(await read([TOKEN])).toEqual(['one']);
    nowMs += 9_999;
    expect(await read([TOKEN])).toEqual(['one']);
    expect(reads).toHaveLength(2);
    expect(warnings).toEqual([['secrets.read-failed', { error: outage }]]);
    outage = undefined;
    store.set(TOKEN, 'two');
    nowMs += 1;
    expect([await revision(), await read([TOKEN])]).toEqual([1, ['two']]);
  });

  it('fails only for uncached secrets while the store is down', async () => {
    const { read } = cache();
    await read([TOKEN]);
    outage = new Error('unreachable');
    nowMs += MAX_AGE_MS;
    const [cached, uncached] = await Promise.allSettled([read([TOKEN]), read([KEY])]);
    expect(cached).toEqual({ status: 'fulfilled', value: ['one'] });
    expect(uncached).toMatchObject({ status: 'rejected', reason: outage });
    nowMs += MAX_AGE_MS;
    await read([TOKEN]);
    expect(reads.at(-1)).toEqual({ names: [TOKEN], retry: false });
    outage = undefined;
    expect(await read([KEY])).toEqual(['padded']);
  });
});
