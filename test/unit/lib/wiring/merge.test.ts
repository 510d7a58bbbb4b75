import { describe, expect, it } from 'vitest';
import { loadBoth, merge } from '../../../../lib/wiring/merge.ts';

describe('merge', () => {
  it('keeps the keys of both results, including shared keys', () => {
    const table = {};
    expect(merge({ table, a: 1 }, { table, b: 2 })).toEqual({ table, a: 1, b: 2 });
  });

  it('throws for a key with two different values instead of overwriting a value', () => {
    expect(() => merge({ table: { name: 'a' } }, { table: { name: 'b' } })).toThrow('different values for "table"');
  });
});

describe('loadBoth', () => {
  it('starts both loaders before it waits for either of them', async () => {
    const started: string[] = [];
    const load = async <Value extends object>(name: string, value: Value) => {
      started.push(name);
      await undefined;
      return value;
    };
    const both = loadBoth(load('first', { a: 1 }), load('second', { b: 2 }));
    expect(started).toEqual(['first', 'second']);
    expect(await both).toEqual({ a: 1, b: 2 });
  });

  it('throws when the results conflict', async () => {
    await expect(loadBoth(Promise.resolve({ a: 1 }), Promise.resolve({ a: 2 }))).rejects.toThrow('"a"');
  });
});
