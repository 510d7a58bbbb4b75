import { GetCommand } from '@aws-sdk/lib-dynamodb';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { endSessions } from '../../lib/identity/end-sessions.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { openSession } from '../../lib/identity/open-session.ts';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { createMiniappQrLogin, createOfficialQrLogin, type QrLogin } from '../../lib/scan-login/create.ts';
import { decideQrLogin, type Decision } from '../../lib/scan-login/decide.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import { closeAndUnlinkAccount } from '../../lib/store/account-links.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { keys } from '../../lib/store/keys.ts';
import { TICKET_LIFE_S } from '../../lib/scan-login/ticket.ts';
import { loadMiniappQrLogin } from '../../lib/wiring/scan-login.ts';
import { tokenOf } from '../support/chat-world.ts';
import { interceptCommands } from '../support/crashes.ts';
import { phoneUsers } from '../support/phone-users.ts';
import { ASKER } from '../support/scan-login.ts';
import { createWorld, ids, type Person, type World } from '../support/world.ts';

const DAY_MS = 86_400_000;
const GONE = { code: 'TICKET_EXPIRED' };
const PENDING = { status: 'pending', pollIntervalMs: 2_000 };

describe('scan login with a code of the mini-program', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const create = () => createMiniappQrLogin(world.miniapp, ASKER);
  const poll = (qr: QrLogin) => pollQrLogin(world.sessions, qr);
  const loggedIn = async () => {
    const person = await world.phone.newPerson();
    return { person, ...(await loginMiniapp(world.miniapp, await world.phone.loginCode(person))) };
  };
  const decide = ({ ticket }: Pick<QrLogin, 'ticket'>, token: string, decision: Decision) =>
    decideQrLogin({ ...world.sessions, appId: ids.miniapp.appId, siteName: '示例站' }, { token, ticket, decision });
  const scan = async (person: Person, qr: QrLogin) =>
    (await world.phone.act(person, 'scan', { content: qr.imageUrl })) as { kind: string; scene: string };

  it('returns the code as a data URL whose scene is the ticket', async () => {
    const [{ person }, qr] = [await loggedIn(), await create()];
    expect(qr).toMatchObject({ content: null, expiresIn: TICKET_LIFE_S });
    const image = PNG.sync.read(Buffer.from(/^data:image\/png;base64,(.+)$/.exec(qr.imageUrl)![1]!, 'base64'));
    expect(jsQR.default(new Uint8ClampedArray(image.data), image.width, image.height)).not.toBeNull();
    expect(await scan(person, qr)).toMatchObject({ kind: 'mini-program', scene: qr.ticket });
  });

  it('goes from pending to scanned, and logs the page in when the user confirms', async () => {
    const [{ token, user }, qr] = [await loggedIn(), await create()];
    expect(await poll(qr)).toEqual(PENDING);
    const { place, browser } = ASKER;
    const requestedAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
    const page = { siteName: '示例站', requestedAt, place, browser };
    const answered = await decide(qr, token, 'scan');
    expect(answered).toEqual({ status: 'scanned', ...page });
    expect(Math.abs(Date.parse(answered.requestedAt) - Date.now())).toBeLessThan(60_000);
    expect(await poll(qr)).toEqual({ ...PENDING, status: 'scanned' });
    expect(await decide(qr, token, 'confirm')).toEqual({ ...answered, status: 'confirmed' });
    const answer = await poll(qr);
    if (answer.status !== 'registered') throw new Error(answer.status);
    expect(answer.user.id).toBe(user.id);
    expect(answer.token).not.toBe(token);
    expect(await getMe(world.sessions, answer.token)).toEqual({ user });
    await expect(poll(qr)).rejects.toMatchObject(GONE);
  });

  it('makes no call to WeChat at a poll', async () => {
    const [{ token }, qr] = [await loggedIn(), await create()];
    await decide(qr, token, 'confirm');
    const before = await world.calls('/cgi-bin/user/info');
    await poll(qr);
    expect(await world.calls('/cgi-bin/user/info')).toBe(before);
  });

  it('expires the code when the user cancels', async () => {
    const [{ token }, qr] = [await loggedIn(), await create()];
    await decide(qr, token, 'scan');
    expect(await decide(qr, token, 'cancel')).toMatchObject({ status: 'cancelled' });
    await expect(poll(qr)).rejects.toMatchObject(GONE);
    await expect(decide(qr, token, 'confirm')).rejects.toMatchObject(GONE);
  });

  it('accepts a repeated decision and rejects its reversal', async () => {
    const [{ token }, qr] = [await loggedIn(), await create()];
    for (const decision of ['scan', 'scan', 'confirm', 'confirm'] as const) await decide(qr, token, decision);
    await expect(decide(qr, token, 'cancel')).rejects.toMatchObject(GONE);
    await expect(decide(qr, token, 'scan')).rejects.toMatchObject(GONE);
    expect(await poll(qr)).toMatchObject({ status: 'registered' });
  });

  it('rejects every decision of a user who did not scan first', async () => {
    const [first, second, qr] = [await loggedIn(), await loggedIn(), await create()];
    await decide(qr, first.token, 'scan');
    for (const decision of ['scan', 'confirm', 'cancel'] as const) {
      await expect(decide(qr, second.token, decision)).rejects.toMatchObject(GONE);
    }
    await decide(qr, first.token, 'confirm');
    expect(await poll(qr)).toMatchObject({ status: 'registered', user: { id: first.user.id } });
  });

  it('accepts one of five concurrent confirmations, and collects the ticket by one of a hundred polls', async () => {
    const users = await Promise.all(Array.from({ length: 5 }, loggedIn));
    const qr = await create();
    const outcomes = await Promise.allSettled(users.map(({ token }) => decide(qr, token, 'confirm')));
    const winners = users.filter((_, i) => outcomes[i]!.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    const polls = await Promise.allSettled(Array.from({ length: 100 }, () => poll(qr)));
    const answers = polls.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(answers).toMatchObject([{ status: 'registered', user: { id: winners[0]!.user.id } }]);
  });

  it('rejects a decision on an unknown, malformed or expired ticket, and on a code of the official account', async () => {
    const { token } = await loggedIn();
    await expect(decide({ ticket: 'A'.repeat(22) }, token, 'confirm')).rejects.toMatchObject(GONE);
    await expect(decide({ ticket: '../x' }, token, 'confirm')).rejects.toMatchObject(GONE);
    const official = await createOfficialQrLogin(world.official, ASKER);
    await expect(decide(official, token, 'confirm')).rejects.toMatchObject(GONE);
    expect(await poll(official)).toEqual(PENDING);
    const qr = await create();
    world.clock.offsetMs = TICKET_LIFE_S * 1_000 + 1_000;
    await expect(decide(qr, token, 'confirm')).rejects.toMatchObject(GONE);
    world.clock.offsetMs = 0;
  });

  it('rejects a decision of a session whose account was closed', async () => {
    const [{ person, token, user }, qr] = [await loggedIn(), await create()];
    const account = (await readAccount(world.table, user.id, 'strong'))!;
    expect(await closeAndUnlinkAccount(world.table, account, new Date().toISOString())).toBe(true);
    await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    await expect(decide(qr, token, 'confirm')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await poll(qr)).toEqual(PENDING);
  });

  it('rejects a decision of a session of the official account', async () => {
    const { openIds } = await world.phone.newPerson();
    const [appId, openId] = [ids.official.appId, openIds.official];
    const { account } = await recogniseOrCreate(world.base, { appId, openId });
    const { token } = await openSession(world.sessions, account, { sid: 'web', appId, openId, isNewUser: true });
    await expect(decide(await create(), token, 'confirm')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('keeps the time of the login of the mini-program for the session of the page', async () => {
    const { token } = await loggedIn();
    world.clock.offsetMs = 6 * DAY_MS;
    const qr = await create();
    await decide(qr, token, 'confirm');
    const page = tokenOf(await poll(qr));
    expect(await getMe(world.sessions, page)).toMatchObject({ user: {} });
    await expect(closeAccount(world.closing, page)).rejects.toMatchObject({ code: 'FRESH_LOGIN_REQUIRED' });
    world.clock.offsetMs = 0;
  });

  it('rejects every decision of a session from a scan login', async () => {
    const [{ token }, qr, next] = [await loggedIn(), await create(), await create()];
    await decide(qr, token, 'confirm');
    const page = tokenOf(await poll(qr));
    for (const decision of ['scan', 'confirm', 'cancel'] as const) {
      await expect(decide(next, page, decision)).rejects.toMatchObject({ code: 'FORBIDDEN', message: /wx\.login/ });
    }
    expect(await poll(next)).toEqual(PENDING);
  });

  it('accepts a decision of a session that replaced a session of wx.login', async () => {
    const { codeOf, bind, loggedIn: withPhone } = phoneUsers(() => world);
    const { person, token } = await withPhone();
    const bound = await bind(token, { code: await codeOf(person) });
    const qr = await create();
    await decide(qr, bound.token, 'confirm');
    expect(await poll(qr)).toMatchObject({ status: 'registered' });
  });

  it('ends with all sessions also if the poll read the account from before their end', async () => {
    const [{ token, user }, qr] = [await loggedIn(), await create()];
    await decide(qr, token, 'confirm');
    const stale = await world.table.client.send(
      new GetCommand({ TableName: world.table.name, Key: keys.account(user.id) }),
    );
    await endSessions(world.base, { userId: user.id });
    const stopIntercepting = interceptCommands(world.table, ({ name, text }, send) =>
      name === 'Get' && text.includes('"ACCOUNT#') ? Promise.resolve(stale) : send(),
    );
    const page = tokenOf(await poll(qr).finally(stopIntercepting));
    await expect(getMe(world.sessions, page)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('logs in again after the clock of the instance that ended all sessions was ahead', async () => {
    const { person, token, user } = await loggedIn();
    world.clock.offsetMs = 2_000;
    await endSessions(world.base, { userId: user.id });
    world.clock.offsetMs = 0;
    await expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const again = (await loginMiniapp(world.miniapp, await world.phone.loginCode(person))).token;
    const early = await create();
    await decide(early, again, 'confirm');
    await expect(poll(early)).rejects.toMatchObject(GONE);
    world.clock.offsetMs = 3_000;
    const later = await create();
    await decide(later, again, 'confirm');
    expect(await getMe(world.sessions, tokenOf(await poll(later)))).toEqual({ user });
    world.clock.offsetMs = 0;
  });

  it('renews the access token and retries once when WeChat rejects it', async () => {
    await world.faults('getwxacodeunlimit', 'token-expired');
    expect(await poll(await create())).toEqual(PENDING);
  });

  it('throws WECHAT_UNAVAILABLE when WeChat returns no image', async () => {
    await world.faults('getwxacodeunlimit', 'garbage');
    await expect(create()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
  });

  describe('before the release of the mini-program', () => {
    const beforeRelease = () => world.faults('getwxacodeunlimit', 'unreleased');
    const createWith = async (settings: Record<string, string>) => {
      for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
      return createMiniappQrLogin(await loadMiniappQrLogin(world.outside), ASKER);
    };
    afterEach(() => void vi.unstubAllEnvs());

    it('reports the settings that create a code', async () => {
      await beforeRelease();
      await expect(create()).rejects.toMatchObject({
        code: 'WECHAT_CONFIG',
        message: expect.stringMatching(/MINIAPP_LOGIN_PAGE.*MINIAPP_ENV_VERSION/),
      });
    });

    it.each(['trial', 'develop'])('creates a code that opens the login page of the %s version', async (envVersion) => {
      const [{ person, token }, page] = [await loggedIn(), 'pages/login/index'];
      await beforeRelease();
      const qr = await createWith({ MINIAPP_ENV_VERSION: envVersion, MINIAPP_LOGIN_PAGE: page });
      expect(await scan(person, qr)).toMatchObject({ page, scene: qr.ticket, envVersion });
      await decide(qr, token, 'confirm');
      expect(await poll(qr)).toMatchObject({ status: 'registered' });
    });

    it('opens the home page without MINIAPP_LOGIN_PAGE', async () => {
      const { person } = await loggedIn();
      await beforeRelease();
      const qr = await createWith({ MINIAPP_ENV_VERSION: 'trial' });
      expect(await scan(person, qr)).toMatchObject({ page: 'pages/index/index' });
    });

    it.each([
      ['MINIAPP_ENV_VERSION', 'beta'],
      ['MINIAPP_LOGIN_PAGE', '/pages/login/index'],
      ['MINIAPP_LOGIN_PAGE', 'pages/login/index?a=1'],
    ])('names the setting %s for the value %s', async (setting, value) => {
      await expect(createWith({ [setting]: value })).rejects.toMatchObject({
        code: 'NOT_CONFIGURED',
        detail: { setting },
      });
    });
  });
});
