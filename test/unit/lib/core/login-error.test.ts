import { describe, expect, it } from 'vitest';
import { withLoginError, withoutLoginError } from '../../../../lib/core/login-error.ts';

describe('withLoginError', () => {
  it.each([
    ['https://a.example/', 'https://a.example/?login_error=X'],
    ['https://a.example/p?', 'https://a.example/p?login_error=X'],
    ['https://a.example/p?b=1', 'https://a.example/p?b=1&login_error=X'],
    ['https://a.example/p#/route?b=1', 'https://a.example/p?login_error=X#/route?b=1'],
    ['https://a.example/p?b=1#top', 'https://a.example/p?b=1&login_error=X#top'],
    ['https://a.example/p?b=%e4%BD%A0+%20&&c=/?#', 'https://a.example/p?b=%e4%BD%A0+%20&&c=/?&login_error=X#'],
    ['https://a.example/p?login_error=OLD', 'https://a.example/p?login_error=X'],
    ['https://a.example/p?login_error=OLD&b=1&login_error', 'https://a.example/p?b=1&login_error=X'],
    ['https://a.example/p?login%5Ferror=OLD&b=1', 'https://a.example/p?b=1&login_error=X'],
    [
      'https://a.example/p?my_login_error=1&?login_error=2',
      'https://a.example/p?my_login_error=1&?login_error=2&login_error=X',
    ],
    ['https://a.example/p?b=1#login_error=OLD', 'https://a.example/p?b=1&login_error=X#login_error=OLD'],
    ['https://a.example/p?b=%', 'https://a.example/p?b=%&login_error=X'],
  ])('of %s is %s', (address, expected) => {
    expect(withLoginError(address, 'X')).toBe(expected);
    expect(new URL(expected).searchParams.get('login_error')).toBe('X');
  });
});

describe('withoutLoginError', () => {
  it.each([
    ['https://a.example/p?login_error=OLD', 'https://a.example/p'],
    ['https://a.example/p?login_error=OLD#top', 'https://a.example/p#top'],
    ['https://a.example/p?b=1&login_error=OLD&c=%e4+', 'https://a.example/p?b=1&c=%e4+'],
    ['https://a.example/p?login%5ferror=OLD&b', 'https://a.example/p?b'],
  ])('of %s is %s', (address, expected) => {
    expect(withoutLoginError(address)).toBe(expected);
  });

  it.each(['https://a.example/', 'https://a.example/?', 'https://a.example/?b=%e4&&#?login_error=1'])(
    'leaves %s as it is',
    (address) => expect(withoutLoginError(address)).toBe(address),
  );
});
