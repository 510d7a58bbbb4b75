import { describe, expect, it } from 'vitest';
import { loginAnswer } from '../../../../lib/http/login-answer.ts';

const publicBaseUrl = 'https://api.example.com';
const session = { token: 'a.b.c', tokenType: 'Bearer', expiresIn: 60, user: { id: 'u' } };

describe('loginAnswer', () => {
  it('leaves the token in the answer without `cookie=1`, and sets no cookie', () => {
    expect(loginAnswer(session, { cookie: undefined, publicBaseUrl })).toEqual({ body: session, cookies: [] });
  });

  it('moves the token into a cookie of the same lifetime with `cookie=1`', () => {
    const { body, cookies } = loginAnswer(session, { cookie: '1', publicBaseUrl });
    expect(body).toEqual({ tokenType: 'Bearer', expiresIn: 60, user: { id: 'u' } });
    expect(cookies).toEqual(['__Host-session=a.b.c; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure']);
  });

  it('sets no cookie for an answer without a session', () => {
    const unregistered = { status: 'unregistered', registrationToken: 'r' };
    expect(loginAnswer(unregistered, { cookie: '1', publicBaseUrl })).toEqual({ body: unregistered, cookies: [] });
  });
});
