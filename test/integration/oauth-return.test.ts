// A browser that returns from WeChat with its cookie. The browser always reaches its page, with a session or with
// `login_error`.
import { describe, expect, it } from 'vitest';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { linkPhone } from '../../lib/store/account-links.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { EXCHANGE, expectPage, expectReturn, h5Browser, PAGE, SITE, type Call } from '../support/h5-browser.ts';
import { ids } from '../support/world.ts';

const SESSION = /^__Host-session=ey[\w.-]+; /;

const browser = h5Browser();
const { callback, depart, agree, visit, lines, failures } = browser;

describe('GET /oauth/callback', () => {
  it('logs in once when the same address is opened again, by the Back button or at the same time', async () => {
    const back = await visit();
    const answers = await Promise.all([callback(back), callback(back)]);
    const later = await callback(back);
    for (const { statusCode, headers, cookies } of [...answers, later]) {
      expect({ statusCode, location: headers!['location'] }).toEqual({ statusCode: 302, location: PAGE });
      expect(cookies).toEqual([expect.stringMatching(SESSION)]);
      expect(cookies![0]!.split('; ')[0]).toBe(later.cookies![0]!.split('; ')[0]);
    }
  });

  it('logs in with both codes when the browser returns twice with one state', async () => {
    const [person, departure] = [await browser.world.phone.newPerson(), await depart()];
    const backs = [await agree(person, departure), await agree(person, departure)];
    expect(backs[0]!.query).not.toBe(backs[1]!.query);
    const answers = await Promise.all(backs.map(callback));
    for (const { headers, cookies } of answers) {
      expect(headers!['location']).toBe(PAGE);
      expect(cookies).toEqual([expect.stringMatching(SESSION)]);
    }
  });

  describe('returns the browser to its page with login_error', () => {
    const withCode = async (code: string | undefined) => {
      const { query, cookies } = await visit();
      const parameters = new URLSearchParams(query);
      if (code === undefined) parameters.delete('code');
      else parameters.set('code', code);
      return { query: parameters.toString(), cookies };
    };
    const withErrcode = async (errcode: number) => {
      const back = await visit();
      await browser.world.fault({ target: EXCHANGE, action: 'errcode', errcode, times: 1 });
      return back;
    };
    const withFault = async (action: string) => {
      const back = await visit();
      // WeChat's -1 is retried once.
      await browser.world.faults(EXCHANGE, action, action === 'busy' ? 2 : 1);
      return back;
    };
    const withUsedCode = async () => {
      const used = await visit();
      await callback(used);
      return withCode(new URLSearchParams(used.query).get('code')!);
    };
    const withTwoPhones = async () => {
      const person = await browser.world.phone.newPerson();
      const identities = [
        { appId: ids.miniapp.appId, openId: person.openIds.miniapp, unionId: person.unionId },
        { appId: ids.official.appId, openId: person.openIds.official },
      ];
      for (const [at, identity] of identities.entries()) {
        const { account } = await recogniseOrCreate(browser.world.base, identity);
        const current = (await readAccount(browser.world.table, account.id, 'strong'))!;
        const phone = `+86138${String(Date.now() + at).slice(-8)}`;
        expect(await linkPhone(browser.world.table, current, { phone, username: phone })).toBe(true);
      }
      return agree(person, await depart({ scope: 'snsapi_userinfo' }));
    };

    it.each<[string, string, () => Promise<Call>, number]>([
      ['the user declined, so that there is no code', 'WECHAT_CODE_INVALID', () => withCode(undefined), 0],
      ['the code is empty', 'WECHAT_CODE_INVALID', () => withCode(''), 0],
      ['the code has 5,000 characters', 'WECHAT_CODE_INVALID', () => withCode('x'.repeat(5_000)), 0],
      ['WeChat issued no such code (40029)', 'WECHAT_CODE_INVALID', () => withCode('made-up'), 1],
      ['another login used the code (40163)', 'WECHAT_CODE_INVALID', withUsedCode, 1],
      [
        'the user is a snapshot user',
        'SNAPSHOT_USER',
        () => visit({ snapshot: true }, { scope: 'snsapi_userinfo' }),
        1,
      ],
      ['WeChat is busy (-1)', 'WECHAT_UNAVAILABLE', () => withFault('busy'), 2],
      ['WeChat answers without JSON', 'WECHAT_UNAVAILABLE', () => withFault('garbage'), 1],
      ['WeChat blocked the user (40226)', 'WECHAT_USER_BLOCKED', () => withErrcode(40226), 1],
      ['the quota of WeChat is exhausted (45011)', 'RATE_LIMITED', () => withErrcode(45011), 1],
      ['the AppSecret is wrong (40125)', 'WECHAT_CONFIG', () => withErrcode(40125), 1],
      ['two accounts of the user have phone numbers', 'IDENTITY_CONFLICT', withTwoPhones, 1],
    ])('when %s: %s', async (_, code, prepare, calls) => {
      const back = await prepare();
      const before = await browser.world.calls(EXCHANGE);
      lines.length = 0;
      expectReturn(await callback(back), code);
      expect((await browser.world.calls(EXCHANGE)) - before).toBe(calls);
      const [failure, ...others] = failures();
      const status = { WECHAT_UNAVAILABLE: 502, WECHAT_CONFIG: 503 }[code];
      expect(failure).toMatchObject(
        status
          ? { level: 'error', line: { evt: 'request.failed', status, error: code } }
          : { level: 'info', line: { evt: 'request.rejected', error: code } },
      );
      expect(others).toEqual([]);
      const secrets = [...new URLSearchParams(back.query).values()].filter((value) => value !== '');
      for (const secret of secrets) expect(JSON.stringify(lines)).not.toContain(secret);
    });

    it('again when the callback of a snapshot user is repeated', async () => {
      const back = await visit({ snapshot: true });
      for (let i = 0; i < 2; i += 1) expectReturn(await callback(back), 'SNAPSHOT_USER');
    });

    it('in place of the error of an earlier login, which a successful login removes', async () => {
      const redirect = PAGE.replace('from=menu', 'login_error=OLD&from=menu&login%5Ferror=OLDER');
      expectReturn(await callback(await visit({ snapshot: true }, { redirect })), 'SNAPSHOT_USER');
      const { headers, cookies } = await callback(await visit({}, { redirect }));
      expect(headers!['location']).toBe(PAGE);
      expect(cookies).toEqual([expect.stringMatching(SESSION)]);
    });
  });

  it.each(['code', 'state'])('shows a page when the address has two parameters %s', async (name) => {
    const { query, cookies } = await visit();
    const value = new URLSearchParams(query).get(name);
    expectPage(await callback({ query: `${query}&${name}=${value}`, cookies }), 'PARAM_ERROR', SITE);
  });

  it('returns JSON with the status of the code to a client that asks for JSON and not for HTML', async () => {
    const accept = 'application/json, text/plain, */*';
    const lost = await visit();
    const answer = await callback({ query: lost.query, accept });
    expect(answer).toMatchObject({ statusCode: 403, headers: { 'content-type': 'application/json; charset=utf-8' } });
    expect(JSON.parse(answer.body!)).toMatchObject({ code: 'FORBIDDEN', requestId: 'req-1' });
    const snapshot = await callback({ ...(await visit({ snapshot: true })), accept: 'Application/JSON' });
    expect(snapshot).toMatchObject({ statusCode: 403 });
    expect(JSON.parse(snapshot.body!)).toMatchObject({ code: 'SNAPSHOT_USER' });
    expect(await callback({ ...(await visit()), accept })).toMatchObject({
      statusCode: 302,
      headers: { location: PAGE },
    });
  });
});
