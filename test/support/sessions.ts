// Sessions of users, for the tests of their ends.
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { getMe } from '../../lib/identity/get-me.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { recognise } from '../../lib/identity/recognise.ts';
import { register } from '../../lib/identity/register.ts';
import { ids, type Person, type World } from './world.ts';

export function createSessions(world: World) {
  const login = async (person: Person) => loginMiniapp(world.miniapp, await world.phone.loginCode(person));
  const registrationOf = (openId: string) =>
    world.sessions.tokens.signRegistration({ appId: ids.official.appId, openId, sid: randomUUID() });
  /** A user with one account per app and two sessions of each. `merge` merges the accounts. */
  const withTwoAccounts = async () => {
    await world.bindOpenPlatform();
    const person = await world.phone.newPerson();
    const { openIds, unionId } = person;
    const older = [await login(person), await login(person)] as const;
    await world.base.sleep(5);
    const younger = [
      await register(world.sessions, await registrationOf(openIds.official)),
      await register(world.sessions, await registrationOf(openIds.official)),
    ] as const;
    expect(younger[0].user.id).not.toBe(older[0].user.id);
    await world.bindOpenPlatform('miniapp', 'official');
    const merge = async () => {
      for (const app of ['official', 'miniapp'] as const) {
        await recognise(world.base, { appId: ids[app].appId, openId: openIds[app], unionId });
      }
    };
    return { person, older, younger, merge };
  };
  return {
    login,
    registrationOf,
    withTwoAccounts,
    isLoggedIn: (token: string) =>
      getMe(world.sessions, token).then(
        () => true,
        (error: { code: string }) => {
          if (error.code === 'UNAUTHENTICATED') return false;
          throw error;
        },
      ),
  };
}
