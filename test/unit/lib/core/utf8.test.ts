import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutUtf8 } from '../../../../lib/core/utf8.ts';

describe('cutUtf8', () => {
  it.each([
    ['咖啡', 6, '咖啡'],
    ['咖啡', 5, '咖'],
    ['咖啡', 2, ''],
    ['a☕b', 3, 'a'],
    ['a😀', 4, 'a'],
    ['cafe\u0301', 5, 'caf'],
    ['cafe\u0301', 6, 'cafe\u0301'],
  ])('cuts %j to %i bytes at the end of a character', (text, maxBytes, cut) => {
    expect(cutUtf8(text, maxBytes)).toBe(cut);
  });

  it('returns a beginning of any text within the limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(60), (text, maxBytes) => {
        const cut = cutUtf8(text, maxBytes);
        expect(text.startsWith(cut)).toBe(true);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
        expect(cut.isWellFormed()).toBe(true);
      }),
    );
  });
});
