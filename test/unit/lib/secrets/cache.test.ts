import { beforeEach, describe, expect, it } from 'vitest';
import type { SecretName } from '../../../../lib/core/config.ts';
import { MAX_AGE_MS, secretCache } from '../../../../lib/secrets/cache.ts';

const TOKEN = 'OFFICIAL_TOKEN';
const KEY = 'PAY_API_V3_KEY';

let nowMs: number;
let store: Map<string, string>;
let down: Error | undefined;
let asked: { names: SecretName[]; retry: boolean }[];
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
      asked.push(request);
      if (down) throw down;
      return new Map(store);
    },
  });

beforeEach(() => {
  nowMs = 1_000_000;
  store = new Map([
    [TOKEN, 'one'],
    [KEY, ' padded\n'],
  ]);
  down = undefined;
  asked = [];
  warnings = [];
});

describe('secrets of a container', () => {
  it('asks once for whoever asks at the same moment, and then not again', async () => {
    const { read } = cache();
    expect(await Promise.all([read([TOKEN]), read([KEY]), read([TOKEN])])).toEqual([['one'], ['padded'], ['one']]);
    expect(await read([KEY, TOKEN])).toEqual(['padded', 'one']);
    expect(asked).toEqual([{ names: [TOKEN, KEY], retry: true }]);
  });

  it('asks again when a minute is over, for all that it knows, and impatiently', async () => {
    const { read } = cache();
    await read([TOKEN]);
    await read([KEY]);
    store.set(TOKEN, 'two');
    nowMs += MAX_AGE_MS - 1;
    expect(await read([TOKEN])).toEqual(['one']);
    nowMs += MAX_AGE_MS;
    expect(await read([TOKEN])).toEqual(['two']);
    expect(asked.slice(2)).toEqual([{ names: [TOKEN, KEY], retry: false }]);
  });

  it('remembers that something is not there, for as long', async () => {
    store.delete(KEY);
    const { read } = cache();
    expect(await read([KEY])).toEqual([undefined]);
    store.set(KEY, 'new');
    expect(await read([KEY])).toEqual([undefined]);
    nowMs += MAX_AGE_MS;
    expect(await read([KEY])).toEqual(['new']);
  });

  it('has another revision after a change, an arrival and an end, and only then', async () => {
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

  it('takes a blank value for none, and unfolds PEM text, as of a variable', async () => {
    store = new Map([
      [TOKEN, ' \n'],
      [KEY, String.raw`-----BEGIN X-----\nAA\n-----END X-----`],
    ]);
    expect(await cache().read([TOKEN, KEY])).toEqual([undefined, '-----BEGIN X-----\nAA\n-----END X-----']);
  });

  it('does not ask for a revision of nothing', async () => {
    expect(await cache().revision()).toBe(0);
    expect(asked).toEqual([]);
  });

  it('serves what it knows while the store is down, leaves it alone for ten seconds, and says so', async () => {
    const { read, revision } = cache();
    await read([TOKEN]);
    down = new Error('unreachable');
    nowMs += MAX_AGE_MS;
    expect(await read([TOKEN])).toEqual(['one']);
    nowMs += 9_999;
    expect(await read([TOKEN])).toEqual(['one']);
    expect(asked).toHaveLength(2);
    expect(warnings).toEqual([['secrets.read-failed', { error: down }]]);
    down = undefined;
    store.set(TOKEN, 'two');
    nowMs += 1;
    expect([await revision(), await read([TOKEN])]).toEqual([1, ['two']]);
  });

  it('fails where it knows nothing, and only there', async () => {
    const { read } = cache();
    await read([TOKEN]);
    down = new Error('unreachable');
    nowMs += MAX_AGE_MS;
    const [known, unknown] = await Promise.allSettled([read([TOKEN]), read([KEY])]);
    expect(known).toEqual({ status: 'fulfilled', value: ['one'] });
    expect(unknown).toMatchObject({ status: 'rejected', reason: down });
    nowMs += MAX_AGE_MS;
    await read([TOKEN]);
    expect(asked.at(-1)).toEqual({ names: [TOKEN], retry: false });
    down = undefined;
    expect(await read([KEY])).toEqual(['padded']);
  });
});
