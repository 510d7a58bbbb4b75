import { describe, expect, it } from 'vitest';
import {
  cookiesOf,
  expiredSessionCookie,
  oauthCookie,
  sessionCookie,
  setCookie,
} from '../../../../lib/http/cookies.ts';

const HTTPS = 'https://api.example.com';
const session = { token: 'a.b.c', expiresIn: 60 };

describe('cookies', () => {
  it('are read from the field `cookies` of the event, or from the header', () => {
    expect(cookiesOf({ cookies: ['a=1', 'session=x=y'], headers: {} })).toEqual({ a: '1', session: 'x=y' });
    expect(cookiesOf({ headers: { Cookie: 'a=1; session=x' } })).toEqual({ a: '1', session: 'x' });
    expect(cookiesOf({ headers: {} })).toEqual({});
  });

  it('with the same name resolve to the first cookie, which has the longest path', () => {
    expect(cookiesOf({ cookies: ['session=first', 'session=second'], headers: {} })).toEqual({ session: 'first' });
  });

  it('of a session have the prefix __Host- with its attributes on https', () => {
    const attributes = 'Path=/; HttpOnly; SameSite=Lax; Secure';
    expect(sessionCookie(session, HTTPS)).toBe(`__Host-session=a.b.c; Max-Age=60; ${attributes}`);
    expect(expiredSessionCookie(HTTPS)).toBe(`__Host-session=; Max-Age=0; ${attributes}`);
  });

  it.each(['http://localhost:3000', 'http://127.0.0.1:3000', 'http://192.168.1.2'])(
    'of a session have no prefix and are not Secure on %s',
    (publicBaseUrl) => {
      const attributes = 'Path=/; HttpOnly; SameSite=Lax';
      expect(sessionCookie(session, publicBaseUrl)).toBe(`session=a.b.c; Max-Age=60; ${attributes}`);
      expect(expiredSessionCookie(publicBaseUrl)).toBe(`session=; Max-Age=0; ${attributes}`);
    },
  );

  it('of an OAuth login keep their path, and are Secure on https', () => {
    const cookie = { name: oauthCookie('0123456789abcdef0'), value: 'a.b.c', path: '/oauth/callback', maxAgeS: 60 };
    const plain = 'oauth_0123456789abcdef=a.b.c; Max-Age=60; Path=/oauth/callback; HttpOnly; SameSite=Lax';
    expect(setCookie(cookie, HTTPS)).toBe(`${plain}; Secure`);
    expect(setCookie(cookie, 'http://localhost:3000')).toBe(plain);
  });

  it('of two concurrent OAuth logins have different names', () => {
    expect(oauthCookie('0123456789abcdef0')).not.toBe(oauthCookie('f123456789abcdef0'));
  });
});
