import { describe, expect, it } from 'vitest';
import { cookiesOf, oauthCookie, setCookie } from '../../../../lib/http/cookies.ts';

const cookie = { name: 'session', value: 'a.b.c', path: '/', maxAgeS: 60 };

describe('cookies', () => {
  it('are read from the field `cookies` of the event, or from the header', () => {
    expect(cookiesOf({ cookies: ['a=1', 'session=x=y'], headers: {} })).toEqual({ a: '1', session: 'x=y' });
    expect(cookiesOf({ headers: { Cookie: 'a=1; session=x' } })).toEqual({ a: '1', session: 'x' });
    expect(cookiesOf({ headers: {} })).toEqual({});
  });

  it('with the same name resolve to the first cookie, which has the longest path', () => {
    expect(cookiesOf({ cookies: ['session=first', 'session=second'], headers: {} })).toEqual({ session: 'first' });
  });

  it('are HttpOnly and SameSite=Lax, and Secure except on localhost', () => {
    expect(setCookie(cookie, 'https://api.example.com')).toBe(
      'session=a.b.c; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure',
    );
    expect(setCookie(cookie, 'http://localhost:3000')).toBe(
      'session=a.b.c; Max-Age=60; Path=/; HttpOnly; SameSite=Lax',
    );
    expect(setCookie(cookie, 'http://localhost.example.com')).toContain('; Secure');
  });

  it('of two concurrent OAuth logins have different names', () => {
    expect(oauthCookie('0123456789abcdef0')).not.toBe(oauthCookie('f123456789abcdef0'));
  });
});
