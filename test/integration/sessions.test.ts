import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { endSessions } from '../../lib/identity/end-sessions.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { logout } from '../../lib/identity/logout.ts';
import { openSession } from '../../lib/identity/open-session.ts';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { register } from '../../lib/identity/register.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { readIdentity } from '../../lib/store/identities.ts';
import { readSession, revokeSession } from '../../lib/store/sessions.ts';
import { interceptCommands } from '../support/crashes.ts';
import { createSessions } from '../support/sessions.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const ENDED = { code: 'UNAUTHENTICATED' };

let world: World;
let sessions: ReturnType<typeof createSessions>;
beforeAll(async () => {
  world = await createWorld();
  sessions = createSessions(world);
});
afterEach(() => {
  world.clock.offsetMs = 0;
});
afterAll(() => world.simulator.close());

const me = (token: string) => getMe(world.sessions, token);
const logoutEverywhere = (token: string) => logout(world.sessions, token, { everywhere: true });

describe('logout', () => {
  it('ends only the session of the caller', async () => {
    const person = await world.phone.newPerson();
    const [one, other] = [await sessions.login(person), await sessions.login(person)];
    await logout(world.sessions, one.token);
    await expect(me(one.token)).rejects.toMatchObject(ENDED);
    expect(await me(other.token)).toEqual({ user: other.user });
  });

  it('is rejected for a session that has ended: by a logout, by a logout everywhere, by a revocation', async () => {
    const person = await world.phone.newPerson();
    const [one, other, third] = [
      await sessions.login(person),
      await sessions.login(person),
      await sessions.login(person),
    ];
    const { sid } = await world.sessions.tokens.verifySession(third.token);
    await revokeSession(world.table, sid, world.base.now());
    await logout(world.sessions, one.token);
    await logoutEverywhere(other.token);
    const fourth = await sessions.login(person);
    for (const { token } of [one, other, third]) {
      await expect(logout(world.sessions, token)).rejects.toMatchObject(ENDED);
      await expect(logoutEverywhere(token)).rejects.toMatchObject(ENDED);
    }
    expect(await me(fourth.token)).toEqual({ user: fourth.user });
  });

  it('succeeds for one of ten concurrent requests', async () => {
    const { token } = await sessions.login(await world.phone.newPerson());
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => logout(world.sessions, token)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('ends a session for good: its registration token opens no session any more', async () => {
    const registration = await sessions.registrationOf('o-logged-out');
    const { token } = await register(world.sessions, registration);
    expect(await sessions.isLoggedIn((await register(world.sessions, registration)).token)).toBe(true);
    await logout(world.sessions, token);
    await expect(register(world.sessions, registration)).rejects.toMatchObject(ENDED);
    await expect(me(token)).rejects.toMatchObject(ENDED);
  });

  it('is rejected for a closed account', async () => {
    const person = await world.phone.newPerson();
    const [one, other] = [await sessions.login(person), await sessions.login(person)];
    await closeAccount(world.closing, one.token);
    for (const everywhere of [false, true]) {
      await expect(logout(world.sessions, other.token, { everywhere })).rejects.toMatchObject(ENDED);
    }
  });
});

describe('logout everywhere', () => {
  it('ends the sessions of all devices and both apps, and permits a new login', async () => {
    const person = await world.phone.newPerson();
    const opened = [await sessions.login(person), await sessions.login(person), await sessions.login(person)];
    const registration = await sessions.registrationOf(person.openIds.official);
    await recogniseOrCreate(world.base, {
      appId: ids.official.appId,
      openId: person.openIds.official,
      unionId: person.unionId,
    });
    opened.push({ ...(await register(world.sessions, registration)), isNewUser: false });
    expect(new Set(opened.map(({ user }) => user.id)).size).toBe(1);
    await logoutEverywhere(opened[1]!.token);
    for (const { token } of opened) await expect(me(token)).rejects.toMatchObject(ENDED);
    const { token, user } = await sessions.login(person);
    expect(await me(token)).toEqual({ user });
    expect(user.id).toBe(opened[0]!.user.id);
  });

  it('ends no session of another account', async () => {
    const [one, other] = [
      await sessions.login(await world.phone.newPerson()),
      await sessions.login(await world.phone.newPerson()),
    ];
    await logoutEverywhere(one.token);
    expect(await sessions.isLoggedIn(other.token)).toBe(true);
  });

  it('makes a used js_code and an older registration token worthless, though their sessions are stored', async () => {
    const person = await world.phone.newPerson();
    const code = await world.phone.loginCode(person);
    const { token } = await loginMiniapp(world.miniapp, code);
    await logoutEverywhere((await sessions.login(person)).token);
    const { sid } = await world.sessions.tokens.verifySession(token);
    expect(await readSession(world.table, { sid, nowMs: world.base.now(), consistency: 'strong' })).toBeDefined();
    await expect(loginMiniapp(world.miniapp, code)).rejects.toMatchObject({ code: 'WECHAT_CODE_INVALID' });

    const registration = await sessions.registrationOf('o-ended-everywhere');
    await register(world.sessions, registration);
    const second = await register(world.sessions, await sessions.registrationOf('o-ended-everywhere'));
    world.clock.offsetMs = 2_000;
    await logoutEverywhere(second.token);
    await expect(register(world.sessions, registration)).rejects.toMatchObject(ENDED);
    world.clock.offsetMs = 4_000;
    const later = await register(world.sessions, await sessions.registrationOf('o-ended-everywhere'));
    expect(await sessions.isLoggedIn(later.token)).toBe(true);
  });

  it('ends older sessions and no later login while logins and other ends run concurrently', async () => {
    for (let round = 0; round < 10; round += 1) {
      const person = await world.phone.newPerson();
      const older = [
        await sessions.login(person),
        await sessions.login(person),
        await sessions.login(person),
        await sessions.login(person),
      ];
      const [first, second, ...others] = older.map(({ token }) => token);
      const outcomes = await Promise.allSettled([
        logoutEverywhere(first!),
        sessions.login(person),
        sessions.login(person),
        logoutEverywhere(second!),
        endSessions(world.base, { userId: older[0]!.user.id }),
        sessions.login(person),
      ]);
      const failed = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as object);
      // A logout may find that another request has ended its session.
      for (const reason of failed) expect(reason).toMatchObject(ENDED);
      const alive = await Promise.all([first!, second!, ...others].map(sessions.isLoggedIn));
      expect(alive, `round ${round}`).toEqual([false, false, false, false]);
      expect(await sessions.isLoggedIn((await sessions.login(person)).token), `round ${round}`).toBe(true);
    }
  });

  it('ends sessions that were opened while the clock of an earlier end was ahead', async () => {
    const person = await world.phone.newPerson();
    const first = await sessions.login(person);
    world.clock.offsetMs = 60_000;
    await logoutEverywhere(first.token);
    world.clock.offsetMs = 0;
    const second = await sessions.login(person);
    expect(await sessions.isLoggedIn(second.token)).toBe(true);
    const third = await sessions.login(person);
    await logoutEverywhere(third.token);
    expect(await sessions.isLoggedIn(second.token)).toBe(false);
    expect(await sessions.isLoggedIn((await sessions.login(person)).token)).toBe(true);
  });

  it('by a session of a merged account ends the sessions of both accounts', async () => {
    const { person, older, younger, merge } = await sessions.withTwoAccounts();
    await merge();
    const remaining = (await me(younger[0].token)).user.id;
    expect((await me(older[0].token)).user.id).toBe(remaining);
    await logoutEverywhere(younger[0].token);
    for (const { token } of [...older, ...younger]) await expect(me(token)).rejects.toMatchObject(ENDED);
    const again = await sessions.login(person);
    expect(again.user.id).toBe(remaining);
    expect(await sessions.isLoggedIn(again.token)).toBe(true);
  });

  it('of the account that a merge ends also ends the remaining account, also during the merge', async () => {
    for (const isDuring of [false, true]) {
      const { older, younger, merge } = await sessions.withTwoAccounts();
      const endsAt: string[] = [];
      const endYounger = async () => {
        if (endsAt.push('') === 1) {
          endsAt[0] = (await endSessions(world.base, { userId: younger[0].user.id })).sessionsNotBefore;
        }
      };
      if (!isDuring) await endYounger();
      const stopIntercepting = interceptCommands(world.table, async ({ name, text }, send) => {
        if (name === 'TransactWrite' && text.includes('mergedInto = ')) await endYounger();
        return send();
      });
      await merge().finally(stopIntercepting);
      const remaining = (await readAccount(world.table, younger[0].user.id, 'strong'))!;
      expect(remaining).toMatchObject({ id: older[0].user.id, sessionsNotBefore: Date.parse(endsAt[0]!) });
      for (const { token } of [...older, ...younger]) expect(await sessions.isLoggedIn(token)).toBe(false);
    }
  });

  it('holds after a later merge, also when both happen concurrently', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { older, younger, merge } = await sessions.withTwoAccounts();
      await Promise.all([logoutEverywhere(younger[0].token), merge()]);
      for (const { token } of younger) expect(await sessions.isLoggedIn(token), `round ${round}`).toBe(false);
      const { user } = older[0];
      expect(await readAccount(world.table, younger[0].user.id, 'strong')).toMatchObject({ id: user.id });
    }
  });
});

describe('a registration token', () => {
  it('creates no account after its account was closed', async () => {
    const registration = await sessions.registrationOf('o-closed');
    const { token } = await register(world.sessions, registration);
    await closeAccount(world.closing, token);
    await expect(register(world.sessions, registration)).rejects.toMatchObject(ENDED);

    const other = await sessions.registrationOf('o-closed');
    const [one, two] = [
      await register(world.sessions, other),
      await register(world.sessions, await sessions.registrationOf('o-closed')),
    ];
    expect(two.user.id).toBe(one.user.id);
    await closeAccount(world.closing, two.token);
    await expect(register(world.sessions, other)).rejects.toMatchObject(ENDED);
    const person = { appId: ids.official.appId, openId: 'o-closed' };
    expect((await readIdentity(world.table, person, 'strong'))?.accountId).toBeUndefined();
  });
});

describe('openSession', () => {
  it('opens no session under the id of a session that was logged out', async () => {
    const { token, user } = await sessions.login(await world.phone.newPerson());
    const { sid } = await world.sessions.tokens.verifySession(token);
    const account = (await readAccount(world.table, user.id, 'strong'))!;
    await logout(world.sessions, token);
    const again = { sid, appId: ids.miniapp.appId, openId: 'o', isNewUser: false };
    await expect(openSession(world.sessions, account, again)).rejects.toMatchObject(ENDED);
    await expect(me(token)).rejects.toMatchObject(ENDED);
  });
});
