import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskPhone, needsContact } from '../../../../lib/shipping/contacts.ts';

describe('maskPhone', () => {
  it.each([
    ['17700001234', '+86-177****1234'],
    ['+8617700001234', '+86-177****1234'],
    ['+86 177 0000 1234', '+86-177****1234'],
    ['+86-177****1234', '+86-177****1234'],
    ['177****1234', '+86-177****1234'],
    ['021-1234-12', '021-**34-12'],
    ['02112345678', '021-****5678'],
    ['(0755) 8601 3388', '0755-****3388'],
    ['0755-86013388-801', '0755-*******8-801'],
    ['+85291234567', '*******4567'],
  ])('masks %s as %s', (phone, mask) => {
    expect(maskPhone(phone)).toBe(mask);
  });

  it.each(['', '12', 'abc', '1770000****', '177000012a4', '1770000 1234 5678 9012 3456 7890 1234'])(
    'returns undefined for %j, which is no phone number with four open digits',
    (text) => {
      expect(maskPhone(text)).toBeUndefined();
    },
  );

  it('opens the last four digits, and in all at most seven digits of a number in China', () => {
    const digits = (length: number) => fc.stringMatching(new RegExp(`^\\d{${length}}$`));
    fc.assert(
      fc.property(digits(9), (rest) => {
        const [phone, mask] = [`13${rest}`, maskPhone(`13${rest}`)!];
        expect(mask.endsWith(phone.slice(-4))).toBe(true);
        expect(mask.replace('+86-', '').replaceAll(/\D/g, '')).toHaveLength(7);
        expect(maskPhone(mask)).toBe(mask);
      }),
    );
  });
});

describe('needsContact', () => {
  it.each([
    ['SF', true],
    ['YTO', false],
  ])('returns for %s: %s', (carrier, needed) => {
    expect(needsContact(carrier)).toBe(needed);
  });
});
