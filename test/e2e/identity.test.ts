// Login, phone, profile, one user in two apps, mini-program codes and H5, over HTTP against the local stack.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import { api, phone, simulatorLog } from '../support/client.ts';

const login = async (about: object = {}) => {
  const person = await phone.newPerson(about);
  const { body } = await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } });
  return { person, token: body.token as string, user: body.user };
};

describe('phone and profile', () => {
  it('binds a phone number by code, and rejects the same number for a second account by encryptedData', async () => {
    const { person, token, user } = await login({ phone: '13812345678' });
    const { code } = await phone.act(person, 'phone-code');
    const bound = await api('POST', '/miniapp/phone', { token, body: { code } });
    expect(bound).toMatchObject({
      status: 200,
      body: { user: { id: user.id, username: '138****5678', initialized: true, phone: '138****5678' } },
    });
    expect(bound.body.token).not.toBe(token);
    expect(await api('GET', '/me', { token: bound.body.token })).toMatchObject({ status: 200 });

    const second = await login({ phone: '13812345678' });
    const sealed = await phone.act(second.person, 'encrypted', { kind: 'phone' });
    const { encryptedData, iv } = sealed;
    for (const takeOver of [undefined, true]) {
      const body = { encryptedData, iv, takeOver };
      expect(await api('POST', '/miniapp/phone', { token: second.token, body })).toMatchObject({
        status: 409,
        body: { code: 'PHONE_ALREADY_BOUND', detail: { takeOver: false } },
      });
    }
    const invalid = { encryptedData, iv, takeOver: 'yes' };
    expect(await api('POST', '/miniapp/phone', { token: second.token, body: invalid })).toMatchObject({ status: 400 });
  });

  it('stores the real name and picture of a signed profile', async () => {
    const { person, token } = await login({ nickname: '封好的名字' });
    await phone.fault('encrypted', 'real-profile');
    const sealed = await phone.act(person, 'encrypted', { kind: 'userInfo', api: 'getUserProfile' });
    expect(await api('PUT', '/miniapp/profile', { token, body: sealed })).toMatchObject({
      status: 200,
      body: { user: { nickname: '封好的名字', avatarUrl: expect.stringMatching(/^https:/) } },
    });
  });

  it.each([
    ['an empty body', {}, 400, 'PARAM_ERROR'],
    ['an unknown code', { code: 'x' }, 401, 'WECHAT_CODE_INVALID'],
    ['invalid encryptedData', { encryptedData: 'AAAA', iv: 'AAAA' }, 401, 'SESSION_EXPIRED'],
  ])('rejects %s as a proof of the phone number', async (_, body, status, code) => {
    const { token } = await login();
    expect(await api('POST', '/miniapp/phone', { token, body })).toMatchObject({ status, body: { code } });
  });

  it('keeps a typed nickname when signed data arrive, and rejects a nickname without a visible character', async () => {
    const { person, token } = await login({ nickname: '封好的名字' });
    const typed = await api('PUT', '/miniapp/profile', { token, body: { nickname: '李雷' } });
    expect(typed).toMatchObject({ status: 200, body: { user: { nickname: '李雷' } } });
    for (const call of ['getUserInfo', 'getUserProfile']) {
      const sealed = await phone.act(person, 'encrypted', { kind: 'userInfo', api: call });
      const { status, body } = await api('PUT', '/miniapp/profile', { token, body: sealed });
      expect({ status, body }).toEqual({ status: 200, body: typed.body });
    }
    const bad = { nickname: '\u200B' };
    expect(await api('PUT', '/miniapp/profile', { token, body: bad })).toMatchObject({
      status: 400,
      body: { code: 'PARAM_ERROR', detail: { field: 'body.nickname' } },
    });
  });
});

describe('DELETE /me', () => {
  it('ends every session, and the next login creates a new account', async () => {
    const { person, token, user } = await login({ phone: '13812340000' });
    const { code } = await phone.act(person, 'phone-code');
    const bound = await api('POST', '/miniapp/phone', { token, body: { code } });
    expect(await api('DELETE', '/me', { token: bound.body.token })).toMatchObject({ status: 204 });
    for (const old of [token, bound.body.token]) {
      expect(await api('GET', '/me', { token: old })).toMatchObject({ status: 401 });
    }
    const nextLogin = await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } });
    expect(nextLogin.body).toMatchObject({ isNewUser: true });
    expect(nextLogin.body.user.id).not.toBe(user.id);
  });

  it('is rejected while an order is open', async () => {
    const { token } = await login();
    await api('POST', '/pay/prepay', { token, body: { sku: 'coffee', tradeType: 'JSAPI' } });
    expect(await api('DELETE', '/me', { token })).toMatchObject({
      status: 409,
      body: { code: 'ORDER_STATE_CONFLICT', detail: { state: 'NOTPAY' } },
    });
  });
});

describe('scan login', () => {
  const poll = (qr: { ticket: string; pollToken: string }) =>
    api('GET', `/qr-login/${qr.ticket}`, { headers: { 'x-poll-token': qr.pollToken } });

  it('logs a mini-program user in who scans a code of the official account', async () => {
    const { person, user } = await login();
    const qr = (await api('POST', '/qr-login')).body;
    await phone.act(person, 'scan', { content: qr.content });
    await phone.act(person, 'tap', { menuId: `login-confirm_${qr.ticket}` });
    expect(await poll(qr)).toMatchObject({ status: 200, body: { status: 'registered', user: { id: user.id } } });
  });

  it('logs the page in when the user scans and confirms a mini-program code', async () => {
    const { person, token, user } = await login();
    const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0' };
    const created = await api('POST', '/qr-login', { body: { via: 'mini-program' }, headers });
    expect(created).toMatchObject({ status: 201, body: { content: null, imageUrl: /^data:image\// } });
    const qr = created.body;
    const opened = await phone.act(person, 'scan', { content: qr.imageUrl });
    expect(opened).toMatchObject({ kind: 'mini-program', scene: qr.ticket });
    expect(await poll(qr)).toMatchObject({ body: { status: 'pending' } });
    const decide = (decision: string) =>
      api('POST', `/qr-login/${opened.scene}/confirm`, { token, body: { decision } });
    const siteName = 'wechat-lambda';
    const page = { siteName, requestedAt: expect.stringMatching(/Z$/), place: null, browser: 'Firefox · Linux' };
    expect(await decide('scan')).toMatchObject({ status: 200, body: { status: 'scanned', ...page } });
    expect(await poll(qr)).toMatchObject({ body: { status: 'scanned' } });
    expect(await decide('confirm')).toMatchObject({ status: 200, body: { status: 'confirmed', siteName } });
    expect(await poll(qr)).toMatchObject({ status: 200, body: { status: 'registered', user: { id: user.id } } });
    expect(await poll(qr)).toMatchObject({ status: 410 });
  });

  it('rejects a decision without a session', async () => {
    const { ticket } = (await api('POST', '/qr-login', { body: { via: 'mini-program' } })).body;
    const body = { decision: 'confirm' };
    expect(await api('POST', `/qr-login/${ticket}/confirm`, { body })).toMatchObject({ status: 401 });
  });
});

describe('H5', () => {
  const page = () => `${inject('stack').http}/health`;
  const startOauth = async (query: Record<string, string> = {}) => {
    const departure = await api('GET', `/oauth/authorize?${new URLSearchParams({ redirect: page(), ...query })}`);
    return { departure, cookie: cookieOf(departure) };
  };
  const cookieOf = ({ headers }: { headers: Headers }) => headers.get('set-cookie')?.split('; ')[0] ?? '';
  const expectCookie = (answer: { headers: Headers }, pair: RegExp, attributes: { path: string; maxAgeS: number }) => {
    expect(cookieOf(answer)).toMatch(pair);
    // The emulator reorders the attributes and adds Expires.
    const sent = answer.headers.get('set-cookie')!.split('; ').slice(1);
    expect(sent).toEqual(expect.arrayContaining([`Path=${attributes.path}`, 'HttpOnly', 'SameSite=Lax']));
    const maxAgeS = Number(sent.find((part) => part.startsWith('Max-Age='))?.slice('Max-Age='.length));
    // Max-Age is the lifetime that is left when the response is sent.
    expect(attributes.maxAgeS - maxAgeS).toBeGreaterThanOrEqual(0);
    expect(attributes.maxAgeS - maxAgeS).toBeLessThan(10);
    expect(sent).not.toContain('Secure');
  };
  const callCallback = (location: string, cookie: string, headers: Record<string, string> = {}) =>
    api('GET', location.slice(inject('stack').http.length), { headers: { cookie, ...headers } });
  const JSON_ONLY = { accept: 'application/json' };

  it('logs in through WeChat with a session cookie, which logs out from an allowed origin only', async () => {
    const { person, user } = await login();
    const { departure, cookie } = await startOauth({ scope: 'snsapi_userinfo' });
    expect(departure.status).toBe(302);
    expectCookie(departure, /^oauth_\w+=ey[\w.-]+$/, { path: '/oauth/callback', maxAgeS: 600 });
    const { location } = await phone.act(person, 'open', { url: departure.headers.get('location')! });
    const back = await callCallback(location, cookie);
    expect(back.status).toBe(302);
    expect(back.headers.get('location')).toBe(page());
    expectCookie(back, /^session=ey[\w.-]+$/, { path: '/', maxAgeS: 604_800 });

    const session = cookieOf(back);
    expect(await api('GET', '/me', { headers: { cookie: session } })).toMatchObject({
      status: 200,
      body: { user: { id: user.id } },
    });
    expect(cookieOf(await callCallback(location, cookie))).toBe(session);

    const logout = (origin?: string) =>
      api('POST', '/logout', { headers: { cookie: session, ...(origin && { origin }) } });
    expect(await logout()).toMatchObject({ status: 403, body: { code: 'ORIGIN_NOT_ALLOWED' } });
    expect(await logout('https://evil.example')).toMatchObject({ status: 403 });
    expect(await logout(inject('stack').http)).toMatchObject({ status: 204 });
  });

  it('shows a page for a callback without the cookie of the browser that began the login, and JSON on request', async () => {
    const { person } = await login();
    const { departure } = await startOauth();
    const { location } = await phone.act(person, 'open', { url: departure.headers.get('location')! });
    const answer = await callCallback(location, '');
    expect(answer).toMatchObject({ status: 403, body: expect.stringContaining('<code>FORBIDDEN</code>') });
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(await callCallback(location, '', JSON_ONLY)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    const other = await startOauth();
    expect(await callCallback(location, other.cookie)).toMatchObject({ status: 403 });
  });

  it('shows a page when a browser altered the state, and the login of the intact state still succeeds', async () => {
    const { person } = await login();
    const { departure, cookie } = await startOauth();
    const url = departure.headers.get('location')!;
    const altered = await phone.act(person, 'open', { url, alteredState: true });
    const answer = await callCallback(altered.location, cookie);
    expect(answer).toMatchObject({ status: 403, body: expect.stringContaining(`href="${page()}"`) });
    const { location } = await phone.act(person, 'open', { url });
    expect((await callCallback(location, cookie)).headers.get('location')).toBe(page());
  });

  it('shows a page at the other name of this machine, for which the browser has no cookie', async () => {
    const { person } = await login();
    const { departure, cookie } = await startOauth();
    const url = departure.headers.get('location')!;
    const { location } = await phone.act(person, 'open', { url, lostCookie: true });
    const { origin, hostname, pathname, search } = new URL(location);
    const own = new URL(inject('stack').http).hostname;
    expect([hostname, pathname]).toEqual([own === 'localhost' ? '127.0.0.1' : own, '/oauth/callback']);
    expect(await api('GET', pathname + search, { baseUrl: origin })).toMatchObject({ status: 403 });
    // The code was not spent.
    const back = inject('stack').http + pathname + search;
    expect((await callCallback(back, cookie)).headers.get('location')).toBe(page());
  });

  it('answers HEAD and very long parameters like any other callback', async () => {
    const { http } = inject('stack');
    const head = await fetch(`${http}/oauth/callback?code=x&state=y`, { method: 'HEAD', redirect: 'manual' });
    // API Gateway has no route for HEAD; the local gateway calls the function.
    expect([403, 404]).toContain(head.status);
    const long = 'x'.repeat(4_000);
    expect(await api('GET', `/oauth/callback?code=${long}&state=${long}`)).toMatchObject({ status: 403 });
    expect(await api('GET', `/oauth/authorize?redirect=${long}`)).toMatchObject({ status: 400 });
  });

  it('returns a snapshot user and an unknown code to the page with login_error, or as JSON on request', async () => {
    const { person } = await login();
    const { departure, cookie } = await startOauth({ scope: 'snsapi_userinfo' });
    const url = departure.headers.get('location')!;
    const { location } = await phone.act(person, 'open', { url, snapshot: true });
    const unknown = location.replace(/code=[^&]+/, 'code=unknown');
    for (const [address, code, status] of [
      [location, 'SNAPSHOT_USER', 403],
      [unknown, 'WECHAT_CODE_INVALID', 401],
    ] as const) {
      const answer = await callCallback(address, cookie);
      expect(answer).toMatchObject({ status: 302, body: undefined });
      expect(answer.headers.get('location')).toBe(`${page()}?login_error=${code}`);
      expect(answer.headers.get('set-cookie')).toBeNull();
      expect(await callCallback(address, cookie, JSON_ONLY)).toMatchObject({ status, body: { code } });
    }
  });

  it('shows a page for a redirect to a lookalike origin', async () => {
    const lookalike = `${inject('stack').http}.evil.example/`;
    expect((await startOauth({ redirect: lookalike })).departure).toMatchObject({
      status: 400,
      body: expect.stringContaining('<code>PARAM_ERROR</code>'),
    });
  });

  it('serves the domain verification file and answers 404 for other files', async () => {
    const file = await api('GET', '/MP_verify_localhost0000001.txt');
    expect(file).toMatchObject({ status: 200, body: 'localhost0000001' });
    expect(file.headers.get('content-type')).toMatch(/^text\/plain/);
    for (const path of ['/MP_verify_other.txt', '/favicon.ico']) {
      expect(await api('GET', path)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }
  });
});

describe('identity-sync', () => {
  it('looks up the unionid of a new follower once, after the push was answered', async () => {
    const { person } = await login();
    await phone.act(person, 'event', { event: 'subscribe' });
    const lookups = async () =>
      (await simulatorLog()).filter(
        ({ path, query }) => path === '/cgi-bin/user/info' && query['openid'] === person.openIds.official,
      ).length;
    for (let tries = 0; tries < 50 && (await lookups()) === 0; tries += 1) await sleep(200);
    expect(await lookups()).toBe(1);
  });
});

describe('rate limit', () => {
  it('answers a flood from one address with 429 and Retry-After', async () => {
    const statuses = new Set<number>();
    const waits: number[] = [];
    for (let round = 0; round < 400 && !statuses.has(429); round += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => api('GET', '/oauth/callback?code=x&state=y')));
      for (const { status } of answers) statuses.add(status);
      waits.push(
        ...answers.flatMap(({ status, headers }) => (status === 429 ? Number(headers.get('retry-after')) : [])),
      );
    }
    expect(Math.min(...waits)).toBeGreaterThan(0);
    expect(statuses).toEqual(new Set([403, 429]));
    expect(await api('GET', '/health')).toMatchObject({ status: 200 });
  });
});
