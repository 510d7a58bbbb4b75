import { describe, expect, it } from 'vitest';
import { cookiesOf, oauthCookie, setCookie } from '../../../../lib/http/cookies.ts';

const cookie = { name: 'session', value: 'a.b.c', path: '/', maxAgeS: 60 };

describe('cookies', () => {
  it('are read from where AWS puts them, or from the header', () => {
    expect(cookiesOf({ cookies: ['a=1', 'session=x=y'], headers: {} })).toEqual({ a: '1', session: 'x=y' });
    expect(cookiesOf({ headers: { Cookie: 'a=1; session=x' } })).toEqual({ a: '1', session: 'x' });
    expect(cookiesOf({ headers: {} })).toEqual({});
  });

  it('of one name: the first counts, which is the one with the longest path', () => {
    expect(cookiesOf({ cookies: ['session=first', 'session=second'], headers: {} })).toEqual({ session: 'first' });
  });

  it('are secure everywhere but on localhost, out of reach of scripts, and no other site sends them along', () => {
    expect(setCookie(cookie, 'https://api.example.com')).toBe(
      'session=a.b.c; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure',
    );
    expect(setCookie(cookie, 'http://localhost:3000')).toBe(
      'session=a.b.c; Max-Age=60; Path=/; HttpOnly; SameSite=Lax',
    );
    expect(setCookie(cookie, 'http://localhost.example.com')).toContain('; Secure');
  });

  it('of two logins at once have two names', () => {
    expect(oauthCookie('0123456789abcdef0')).not.toBe(oauthCookie('f123456789abcdef0'));
  });
});
