// A browser whose login cannot return to its page. The browser gets an HTML page, and JSON only on request.
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EXCHANGE, expectPage, expectReturn, h5Browser, PAGE, SITE } from '../support/h5-browser.ts';

const STATE_LIFE_MS = 600_000;

const browser = h5Browser();
const { authorize, callback, depart, visit, failures } = browser;

describe('GET /oauth/callback', () => {
  describe('shows a page', () => {
    it('when the browser lost the cookie, without a call to WeChat', async () => {
      const { query } = await visit();
      const before = await browser.world.calls(EXCHANGE);
      expectPage(await callback({ query }), 'FORBIDDEN', SITE);
      expect((await browser.world.calls(EXCHANGE)) - before).toBe(0);
      expect(failures()).toMatchObject([{ level: 'info', line: { evt: 'request.rejected', error: 'FORBIDDEN' } }]);
    });

    it('with a link to the page of the login when the browser appended text to the state', async () => {
      const back = await visit({ alteredState: true });
      expect(back.query).toContain('https://i.maxthon.cn');
      const answer = await callback(back);
      expectPage(answer, 'FORBIDDEN', PAGE);
      expect(answer.body).not.toContain('maxthon');
    });

    it.each<[string, (state: string) => string, string]>([
      ['altered behind its first 16 characters', (state) => `${state.slice(0, 16)}${'0'.repeat(16)}`, PAGE],
      ['cut', (state) => state.slice(0, 16), PAGE],
      ['followed by markup', (state) => `${state}"><script>alert(1)</script>`, PAGE],
      ['followed by 5,000 characters', (state) => state + '长'.repeat(5_000), PAGE],
      ['altered at its begin', (state) => `x${state.slice(1)}`, SITE],
      ['an unusual name of a cookie', () => '__proto__', SITE],
      ['empty', () => '', SITE],
    ])('when the state is %s', async (_, alter, link) => {
      const { query, cookies } = await visit();
      const parameters = new URLSearchParams(query);
      parameters.set('state', alter(parameters.get('state')!));
      const answer = await callback({ query: parameters.toString(), cookies });
      expectPage(answer, 'FORBIDDEN', link);
      expect(answer.body).not.toMatch(/alert|长{2}/);
    });

    it('when the state is missing', async () => {
      expectPage(await callback(await visit({ alteredState: 'missing' })), 'FORBIDDEN', SITE);
      expectPage(await callback({ query: '' }), 'FORBIDDEN', SITE);
    });

    it('when the state belongs to the login of another browser', async () => {
      const [foreign, own] = [await visit(), await visit()];
      expectPage(await callback({ query: foreign.query, cookies: own.cookies }), 'FORBIDDEN', SITE);
      // The cookie of this browser under the name of the foreign login.
      const [name] = foreign.cookies[0]!.split('=');
      const forged = own.cookies[0]!.replace(/^[^=]*/, name!);
      const answer = await callback({ query: foreign.query, cookies: [forged] });
      expectPage(answer, 'FORBIDDEN', PAGE);
    });

    it('when the signed state has expired, also with a code that the browser used before', async () => {
      const back = await visit();
      expect(await callback(back)).toMatchObject({ headers: { location: PAGE } });
      const later = Date.now() + STATE_LIFE_MS + 1_000;
      vi.spyOn(Date, 'now').mockReturnValue(later);
      expectPage(await callback(back), 'FORBIDDEN', SITE);
    });

    it('when the cookie is not signed by this service', async () => {
      const { query, cookies } = await visit();
      for (const forge of [(cookie: string) => cookie.slice(0, -4), (cookie: string) => `${cookie.split('=')[0]}=x`]) {
        expectPage(await callback({ query, cookies: cookies.map(forge) }), 'FORBIDDEN', SITE);
      }
    });
  });

  it('leaves a login intact when a preview without cookies opens its address before, also by HEAD', async () => {
    const back = await visit();
    for (const method of ['GET', 'HEAD']) expectPage(await callback({ query: back.query, method }), 'FORBIDDEN', SITE);
    expect(await callback(back)).toMatchObject({ statusCode: 302, headers: { location: PAGE } });
  });

  it.each([undefined, '*/*', '', 'application/json, text/html', 'text/html, application/json;q=0.9'])(
    'shows the page to a client with Accept %j',
    async (accept) => {
      expectPage(await callback({ query: (await visit()).query, accept }), 'FORBIDDEN', SITE);
    },
  );
});

describe('GET /oauth/authorize', () => {
  it('sets a cookie that browsers keep, also for the longest redirect', async () => {
    for (const mark of ['x', '你', '"', '\\', "'"]) {
      let redirect = 'https://www.example.com/?';
      let answer = await authorize({ redirect });
      for (
        let next = answer;
        next.statusCode === 302;
        next = await authorize({ redirect: (redirect += mark.repeat(50)) })
      ) {
        answer = next;
      }
      // Name and value; browsers ignore a longer cookie.
      expect(answer.cookies![0]!.split('; ')[0]!.length, mark).toBeLessThanOrEqual(4_096);
    }
  });

  it.each([
    ['another site', 'https://evil.example/'],
    ['a lookalike that begins with our page', 'https://www.example.com.evil.example/'],
    ['a lookalike that ends with our page', 'https://evilwww.example.com/'],
    ['our page before an @', 'https://www.example.com@evil.example/'],
    ['our page over http', 'http://www.example.com/'],
    ['our page at another port', 'https://www.example.com:8443/'],
    ['a javascript: URL', 'javascript:alert(1)'],
    ['a URL with backslashes', 'https:\\\\evil.example\\@www.example.com'],
    ['a URL without a scheme', '//www.example.com/'],
    ['a blob: URL of our page', 'blob:https://www.example.com/1'],
    ['our page with a user name and a password', 'https://u:p@www.example.com/'],
    ['a relative path', 'welcome'],
  ])('rejects a redirect to %s', async (_, redirect) => {
    expectPage(await authorize({ redirect }), 'PARAM_ERROR', SITE);
  });

  it.each<[string, Record<string, string>]>([
    ['the redirect is on another origin', { redirect: 'https://evil.example/<b>' }],
    ['the redirect is missing', {}],
    ['the redirect has 3,000 characters', { redirect: `https://www.example.com/${'x'.repeat(3_000)}` }],
    ['its 1,500 backslashes fill the cookie', { redirect: `https://www.example.com/?${'\\\\'.repeat(750)}` }],
    ['the scope is unknown', { redirect: PAGE, scope: 'snsapi_login' }],
  ])('shows a page when %s, and starts no login', async (_, query) => {
    const answer = await authorize(query);
    expectPage(answer, 'PARAM_ERROR', SITE);
    expect(answer.body).not.toContain('evil');
    expect(failures()).toMatchObject([{ line: { evt: 'request.rejected', error: 'PARAM_ERROR' } }]);
    const json = await authorize(query, { accept: 'application/json' });
    expect(json).toMatchObject({ statusCode: 400 });
    expect(JSON.parse(json.body!)).toMatchObject({ code: 'PARAM_ERROR' });
  });
});

describe('a missing setting', () => {
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => browser.restart());

  it('shows a page with a link to the site, and logs one error, on both ways', async () => {
    const back = await visit();
    vi.stubEnv('TABLE_NAME', '');
    await browser.restart();
    for (const request of [() => callback(back), () => authorize({ redirect: PAGE })]) {
      browser.lines.length = 0;
      const answer = await request();
      expectPage(answer, 'NOT_CONFIGURED', SITE);
      expect(answer.body).not.toContain('TABLE_NAME');
      expect(failures()).toMatchObject([{ level: 'error', line: { evt: 'request.failed', error: 'NOT_CONFIGURED' } }]);
    }
  });
});

describe('the limit by address', () => {
  let visits = 0;
  let address: string;
  beforeEach(async () => {
    // Six successes and six failures a minute.
    vi.stubEnv('LIMITS_FACTOR', '0.01');
    await browser.restart();
    // Stands still in the middle of a window.
    vi.spyOn(Date, 'now').mockReturnValue(Math.floor(Date.now() / 60_000) * 60_000 + 30_000);
    address = `203.0.113.${100 + visits}`;
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => browser.restart());

  /** Each browser departs from an address of its own, and returns from the address of the test. */
  const arrive = async (how: object = {}) => {
    visits += 1;
    return { ...(await visit(how, { address: `198.51.100.${visits}` })), address };
  };

  it('returns the browser to its page with RATE_LIMITED, and shows a page with Retry-After without its cookie', async () => {
    for (let i = 0; i < 6; i += 1) expectReturn(await callback(await arrive({ snapshot: true })), 'SNAPSHOT_USER');
    const { query, cookies } = await arrive();
    const before = await browser.world.calls(EXCHANGE);
    expectReturn(await callback({ query, cookies, address }), 'RATE_LIMITED');
    const answer = await callback({ query, address });
    expectPage(answer, 'RATE_LIMITED', SITE);
    expect(answer.headers).toMatchObject({ 'retry-after': '30' });
    expect((await browser.world.calls(EXCHANGE)) - before).toBe(0);
    expect(await callback({ query, cookies, address: '203.0.113.2' })).toMatchObject({ headers: { location: PAGE } });
  });

  it('counts callbacks without a cookie as failures', async () => {
    const { query } = await arrive();
    for (let i = 0; i < 6; i += 1) expectPage(await callback({ query, address }), 'FORBIDDEN', SITE);
    expectPage(await callback({ query, address }), 'RATE_LIMITED', SITE);
  });

  it('does not count failures of WeChat, neither as successes nor as failures', async () => {
    for (let i = 0; i < 7; i += 1) {
      const back = await arrive();
      await browser.world.faults(EXCHANGE, 'garbage');
      expectReturn(await callback(back), 'WECHAT_UNAVAILABLE');
    }
    expect(await callback(await arrive())).toMatchObject({ headers: { location: PAGE } });
  });

  it('shows a page with RATE_LIMITED at GET /oauth/authorize', async () => {
    for (let i = 0; i < 6; i += 1) await depart({ address });
    expectPage(await authorize({ redirect: PAGE }, { address }), 'RATE_LIMITED', SITE);
  });
});
