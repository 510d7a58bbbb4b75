import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { endSessions } from '../../lib/identity/end-sessions.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { createSessions } from '../support/sessions.ts';
import { createWorld, type World } from '../support/world.ts';

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

describe('sessions-end', () => {
  const end = (input: unknown) => endSessions(world.base, input);

  it('ends all sessions of an account, and returns the account and the time', async () => {
    const person = await world.phone.newPerson();
    const opened = [await sessions.login(person), await sessions.login(person)] as const;
    const beforeMs = world.base.now();
    const { userId, sessionsNotBefore } = await end({ userId: opened[0].user.id });
    expect(userId).toBe(opened[0].user.id);
    expect(Date.parse(sessionsNotBefore)).toBeGreaterThan(beforeMs);
    for (const { token } of opened) expect(await sessions.isLoggedIn(token)).toBe(false);
    expect(await sessions.isLoggedIn((await sessions.login(person)).token)).toBe(true);
  });

  it('follows a merge, and names the account that remains', async () => {
    const { older, younger, merge } = await sessions.withTwoAccounts();
    await merge();
    const { id } = (await me(older[0].token)).user;
    const merged = [older[0].user.id, younger[0].user.id].find((one) => one !== id);
    expect(await end({ userId: merged })).toMatchObject({ userId: id });
    for (const { token } of [...older, ...younger]) expect(await sessions.isLoggedIn(token)).toBe(false);
  });

  it('never lowers the time of an earlier end', async () => {
    const { user } = await sessions.login(await world.phone.newPerson());
    world.clock.offsetMs = 60_000;
    const first = await end({ userId: user.id });
    world.clock.offsetMs = 0;
    const times = await Promise.all(Array.from({ length: 5 }, () => end({ userId: user.id })));
    for (const { sessionsNotBefore } of times) {
      expect(Date.parse(sessionsNotBefore)).toBeGreaterThan(Date.parse(first.sessionsNotBefore));
    }
    const stored = (await readAccount(world.table, user.id, 'strong'))!.sessionsNotBefore;
    expect(stored).toBe(Math.max(...times.map(({ sessionsNotBefore }) => Date.parse(sessionsNotBefore))));
  });

  it('rejects an unknown and a closed account with NOT_FOUND', async () => {
    const { token, user } = await sessions.login(await world.phone.newPerson());
    await closeAccount(world.closing, token);
    for (const userId of [user.id, '0'.repeat(16)]) {
      await expect(end({ userId })).rejects.toMatchObject({ code: 'NOT_FOUND', message: /No account has this userId/ });
    }
    expect(await readAccount(world.table, '0'.repeat(16), 'strong')).toBeUndefined();
  });

  it.each([
    [undefined, /must be \{"userId": "…"\}/],
    [{}, /must be \{"userId": "…"\}/],
    [{ userId: 'x', phone: '+8613800000000' }, /without other fields/],
    [{ userId: 7 }, /userId must be the id of an account: 16 digits and small letters/],
    [{ userId: 'ABCDEFGHIJKLMNOP' }, /userId must be the id of an account/],
    [{ userId: '1'.repeat(17) }, /userId must be the id of an account/],
  ])('rejects the input %j with PARAM_ERROR and the right form', async (input, message) => {
    await expect(end(input)).rejects.toMatchObject({ code: 'PARAM_ERROR', message: expect.stringMatching(message) });
  });
});
