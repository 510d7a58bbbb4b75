import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { randomId } from '../../../../lib/core/ids.ts';
import { followUpEntry, keys, ownerOf } from '../../../../lib/store/keys.ts';

const numbers = Array.from({ length: 500 }, () => randomId(randomBytes, 32));

describe('order keys', () => {
  it('contain the owner of an order number, and no owner for a foreign number', () => {
    expect(ownerOf('0123456789abcdefmi7c8w2kx1y2z3a4')).toBe('0123456789abcdef');
    for (const foreign of ['', 'T20250801120000000001', 'x'.repeat(31), 'X'.repeat(32), `${'x'.repeat(32)}#`]) {
      expect(keys.order(foreign).pk).toBe('ORDERS#-');
    }
  });

  it('spread follow-ups over eight partitions, in order of time', () => {
    const entries = numbers.map((outTradeNo) => followUpEntry(outTradeNo, 1_800_000_000_000));
    expect(new Set(entries.map(({ followUpPk }) => followUpPk)).size).toBe(8);
    expect(followUpEntry('x', 1_000).followUpSk < followUpEntry('x', 2_000).followUpSk).toBe(true);
  });
});
