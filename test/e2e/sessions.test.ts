// Cookies and the end of sessions, over HTTP against the local stack.
import { describe, expect, inject, it } from 'vitest';
import { api, operator, phone } from '../support/client.ts';

const login = async () => {
  const person = await phone.newPerson();
  const logIn = async () =>
    (await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } })).body;
  const { token, user } = await logIn();
  return { person, token: token as string, user, logIn };
};

describe('a web page', () => {
  it('is logged in by a cookie after a scan, and logs out', async () => {
    const { person, token, user } = await login();
    const qr = (await api('POST', '/qr-login', { body: { via: 'mini-program' } })).body;
    const { scene } = await phone.act(person, 'scan', { content: qr.imageUrl });
    for (const decision of ['scan', 'confirm']) {
      const decided = await api('POST', `/qr-login/${scene}/confirm`, { token, body: { decision } });
      expect(decided.status).toBe(200);
    }
    const poll = (query: string) =>
      api('GET', `/qr-login/${qr.ticket}${query}`, { headers: { 'x-poll-token': qr.pollToken } });
    expect(await poll('?cookie=2')).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR' } });
    const registered = await poll('?cookie=1');
    expect(registered).toMatchObject({ status: 200, body: { status: 'registered', user: { id: user.id } } });
    expect(registered.body).not.toHaveProperty('token');
    expect(registered.headers.get('x-content-type-options')).toBe('nosniff');
    const set = registered.headers.get('set-cookie')!;
    expect(set).toMatch(/^session=ey[\w.-]+; .*HttpOnly/);

    const cookie = set.split('; ')[0]!;
    expect(await api('GET', '/me', { headers: { cookie } })).toMatchObject({ status: 200, body: { user } });
    const loggedOut = await api('POST', '/logout', { headers: { cookie, origin: inject('stack').http } });
    expect(loggedOut.status).toBe(204);
    expect(loggedOut.headers.get('set-cookie')).toMatch(/^session=; Max-Age=0; /);
    expect(await api('GET', '/me', { headers: { cookie } })).toMatchObject({ status: 401 });
  });
});

describe('all sessions of an account', () => {
  it('end by a logout everywhere, and the next login works', async () => {
    const { token, logIn } = await login();
    const other = (await logIn()).token;
    expect(await api('POST', '/logout', { token, body: { everywhere: true } })).toMatchObject({ status: 204 });
    for (const ended of [token, other]) {
      expect(await api('GET', '/me', { token: ended })).toMatchObject({ status: 401 });
      expect(await api('POST', '/logout', { token: ended })).toMatchObject({ status: 401 });
    }
    expect(await api('GET', '/me', { token: (await logIn()).token })).toMatchObject({ status: 200 });
  });

  it('end by the operator function sessions-end', async () => {
    const { token, user, logIn } = await login();
    const ended = await operator('sessions-end', { userId: user.id });
    expect(ended).toEqual({ userId: user.id, sessionsNotBefore: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(await api('GET', '/me', { token })).toMatchObject({ status: 401 });
    expect(await api('GET', '/me', { token: (await logIn()).token })).toMatchObject({ status: 200 });
    const unknown = await operator('sessions-end', { userId: '0'.repeat(16) });
    expect(unknown).toMatchObject({ errorMessage: 'No account has this userId, or the account was closed' });
  });
});
