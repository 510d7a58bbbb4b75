import { describe, expect, it } from 'vitest';
import { inBatches } from '../../../../lib/reconciliation/in-batches.ts';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('inBatches', () => {
  it('processes each item once, in full batches, and runs at most `inFlight` of them', async () => {
    const batches: number[][] = [];
    let [running, most] = [0, 0];
    await inBatches(
      Array.from({ length: 25 }, (_, i) => i),
      { size: 4, inFlight: 3 },
      async (batch) => {
        batches.push(batch);
        most = Math.max(most, (running += 1));
        await tick();
        running -= 1;
      },
    );
    expect(batches.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, i) => i));
    expect(batches.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4, 4, 1]);
    expect(most).toBe(3);
  });

  it('reads no batch before a worker is free', async () => {
    let read = 0;
    async function* items() {
      for (; read < 1_000; read += 1) yield read;
    }
    const blocked = Promise.withResolvers<void>();
    const all = inBatches(items(), { size: 10, inFlight: 2 }, () => blocked.promise);
    for (let i = 0; i < 100; i += 1) await tick();
    expect(read).toBeLessThan(40);
    blocked.resolve();
    await all;
    expect(read).toBe(1_000);
  });

  it('rejects with the first failure after running batches have ended, closes its source and starts no batch', async () => {
    let [closed, ended, begun] = [false, 0, 0];
    async function* items() {
      try {
        for (let i = 0; ; i += 1) yield i;
      } finally {
        closed = true;
      }
    }
    const failed = inBatches(items(), { size: 1, inFlight: 4 }, async ([item]) => {
      begun += 1;
      await tick();
      if (item === 1) throw new Error('the second');
      for (let i = 0; i < 10; i += 1) await tick();
      ended += 1;
    });
    await expect(failed).rejects.toThrow('the second');
    expect({ closed, ended }).toEqual({ closed: true, ended: begun - 1 });
    const before = begun;
    await tick();
    expect(begun).toBe(before);
  });

  it('rejects with the failure of its source', async () => {
    async function* items() {
      yield 1;
      throw new Error('broken source');
    }
    await expect(inBatches(items(), { size: 1, inFlight: 3 }, async () => undefined)).rejects.toThrow('broken source');
  });
});
