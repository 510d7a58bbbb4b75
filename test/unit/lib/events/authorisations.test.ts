import { describe, expect, it } from 'vitest';
import { readAuthorisations } from '../../../../lib/events/authorisations.ts';

describe('readAuthorisations', () => {
  it.each([
    ['8', ['phone-number']],
    ['6,19,20', ['nickname-and-avatar', 'keyboard-nickname', 'selected-avatar']],
    ['205', ['h5-nickname-and-avatar']],
    ['301', ['everything']],
    [' 8 ,8', ['phone-number']],
    ['17,8', ['17', 'phone-number']],
    ['', []],
    [undefined, []],
    ['toString,8.5,-1,10000,<b>', []],
  ])('reads RevokeInfo %o as %o', (revokeInfo, names) => {
    expect(readAuthorisations(revokeInfo)).toEqual(names);
  });

  it('bounds the list', () => {
    const numbers = Array.from({ length: 500 }, (_, index) => 400 + index).join(',');
    expect(readAuthorisations(numbers)).toHaveLength(64);
  });
});
