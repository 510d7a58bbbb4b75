import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NoMap } from '../../../../lib/reconciliation/no-map.ts';

describe('amounts by number, packed', () => {
  it('are those that a Map would give', () => {
    const entry = fc.tuple(fc.string({ maxLength: 3 }), fc.integer());
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), fc.array(fc.string({ maxLength: 3 })), (entries, others) => {
        const [packed, plain] = [new NoMap(), new Map<string, number>()];
        for (const [no, fen] of entries) {
          expect(packed.set(no, fen)).toBe(!plain.has(no));
          plain.set(no, fen);
        }
        expect(packed.size).toBe(plain.size);
        for (const no of [...entries.map(([one]) => one), ...others]) expect(packed.get(no)).toBe(plain.get(no));
      }),
    );
  });

  it('stay while it grows, and take the memory that it says', () => {
    const packed = new NoMap();
    const count = 100_000;
    const before = process.memoryUsage().arrayBuffers;
    for (let no = 0; no < count; no += 1) packed.set(`order-${no}`, no);
    const perNumber = (process.memoryUsage().arrayBuffers - before) / count;
    expect(packed.size).toBe(count);
    for (let no = 0; no < count; no += 1) if (packed.get(`order-${no}`) !== no) throw new Error(`lost ${no}`);
    expect(packed.get(`order-${count}`)).toBeUndefined();
    // The old halves may not be collected yet.
    expect(perNumber).toBeLessThan(2 * 43);
  });
});
