import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayName, MAX_NAME_BYTES } from '../../../../lib/identity/display-name.ts';

const FAMILY = '👨‍👩‍👧‍👦';

describe('displayName', () => {
  it.each([
    ['a direction isolate', 'A\u2069B', 'AB'],
    ['control characters and line breaks', '\u0007a\tb\r\nc\u009F', 'abc'],
    [
      'marks and overrides of the direction',
      '\u061Ca\u200E\u200Fb\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068c',
      'abc',
    ],
    ['deprecated format controls and annotation marks', 'a\u206A\u206Fb\uFFF9\uFFFA\uFFFBc', 'abc'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'abc'],
    ['a byte order mark', '\uFEFFa\uFEFFb', 'ab'],
    ['lone surrogates, also around a removed character', 'a\uD83Cb\uDF88c\uD83C\u202E\uDF88', 'abc'],
    ['noncharacters', 'a\uFFFE\uFFFFb\uFDD0c', 'abc'],
    ['white space at both ends', '\u00A0\u3000 李雷 \u3000\n', '李雷'],
  ])('removes %s', (_, text, name) => {
    expect(displayName(text)).toBe(name);
  });

  it.each([
    ['a family of ZWJ sequences', FAMILY],
    ['a heart with a variation selector', '❤️'],
    ['a flag', '🇨🇳'],
    ['a flag of tags', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['a skin tone', '👍🏽'],
    ['a keycap', '1️⃣'],
    ['Persian with ZWNJ', 'می‌خواهم'],
    ['Hindi with ZWJ', 'क्‍ष'],
    ['Arabic and Hebrew', 'محمد שלום'],
    ['Thai and Burmese with stacked marks', 'ที่นี่ မြန်မာ'],
    ['Tibetan with stacked marks', 'ཧཱུྃ'],
    ['decomposed letters', 'e\u0301a\u0308'],
    ['an inner space', '李 雷'],
    ['the Apple logo of the private use area', '\uF8FF'],
    ['64 characters', '字'.repeat(64)],
    ['ten families, which are ten characters', FAMILY.repeat(10)],
  ])('keeps %s', (_, name) => {
    expect(displayName(name)).toBe(name);
  });

  it.each([
    ['no text', ''],
    ['white space', ' \u00A0\u3000'],
    ['a zero width space', '\u200B'],
    ['ZWJ and ZWNJ', '\u200D\u200C'],
    ['a Hangul filler', '\u3164'],
    ['the other Hangul fillers', '\u115F\u1160\uFFA0'],
    ['a blank of Braille', '\u2800'],
    ['an object replacement character', '\uFFFC'],
    ['blanks of Egyptian and musical notation', '\u{13441}\u{13442}\u{1D159}'],
    ['a soft hyphen, a word joiner and an invisible plus', '\u00AD\u2060\u2064'],
    ['a Mongolian vowel separator', '\u180E'],
    ['variation selectors and tags', '\uFE0F\u{E0041}\u{E0100}'],
    ['combining marks', '\u0301\u0302'],
    ['direction marks', '\u200E\u202E'],
  ])('rejects a name of %s', (_, text) => {
    expect(displayName(text)).toBeUndefined();
  });

  it.each([
    ['65 characters', '字'.repeat(65)],
    ['65 emoji', '🎈'.repeat(65)],
    ['64 families, which have too many bytes', FAMILY.repeat(64)],
    ['nine marks on one letter', `a${'\u0301'.repeat(9)}`],
    ['nine marks with joiners between', `a${'\u0301\u200D'.repeat(9)}`],
  ])('rejects %s', (_, text) => {
    expect(displayName(text)).toBeUndefined();
  });

  it('returns a visible, bounded name that it returns unchanged the second time', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.string({
        unit: fc.constantFrom('\u202E', '\u2069', '\u200D', '\u3164', '\u0301', '\uD83C', '\uDF88', ' ', 'a'),
      }),
    );
    fc.assert(
      fc.property(text, (given) => {
        const name = displayName(given);
        if (name === undefined) return;
        expect(displayName(name)).toBe(name);
        expect(name.length).toBeLessThanOrEqual(given.length);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(MAX_NAME_BYTES);
        expect(name).toMatch(/[^\s\p{Default_Ignorable_Code_Point}\p{M}]/u);
        expect(name).not.toMatch(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/u);
      }),
    );
  });
});
