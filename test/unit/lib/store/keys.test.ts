import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { randomId } from '../../../../lib/core/ids.ts';
import { followUpEntry, followUpPartitions, keys, ownerOf } from '../../../../lib/store/keys.ts';

const numbers = Array.from({ length: 500 }, () => randomId(randomBytes, 32));

describe('order keys', () => {
  it('contain the owner of an order number, and no owner for a foreign number', () => {
    expect(ownerOf('0123456789abcdefmi7c8w2kx1y2z3a4')).toBe('0123456789abcdef');
    for (const foreign of ['', 'T20250801120000000001', 'x'.repeat(31), 'X'.repeat(32), `${'x'.repeat(32)}#`]) {
      expect(keys.order(foreign).pk).toBe('ORDERS#-');
    }
  });

  it.each([
    ['order', 32],
    ['refund', 8],
  ] as const)('spread the follow-ups of kind %s over %i partitions of their own', (kind, count) => {
    const used = numbers.map((no) => followUpEntry({ kind, no }, 1_800_000_000_000).followUpPk);
    expect([...new Set(used)].toSorted()).toEqual(followUpPartitions(kind).toSorted());
    expect(followUpPartitions(kind)).toHaveLength(count);
  });

  it('keep the follow-ups of all orders of an owner in one partition', () => {
    const owner = numbers[0]!.slice(0, 16);
    const own = numbers.map((no) => followUpEntry({ kind: 'order', no: owner + no.slice(16) }, 0).followUpPk);
    expect(new Set(own).size).toBe(1);
  });

  it('sort follow-ups by time', () => {
    const [earlier, later] = [1_000, 2_000].map((atMs) => followUpEntry({ kind: 'refund', no: 'x' }, atMs).followUpSk);
    expect(earlier! < later!).toBe(true);
  });
});
