import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { endSessions } from '../../lib/identity/end-sessions.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { openSession, randomSessionId } from '../../lib/identity/open-session.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { readPhoneHolder } from '../../lib/store/identities.ts';
import { readSession } from '../../lib/store/sessions.ts';
import { interceptCommands } from '../support/crashes.ts';
import { masked, newPhone, phoneUsers } from '../support/phone-users.ts';
import { rejectionsOf } from '../support/rejections.ts';
import { createWorld, type World } from '../support/world.ts';

describe('phone number in place of a former number', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const { loggedIn, codeOf, sealedOf, bind, callsFor, slowRequest, waitingRequest } = phoneUsers(() => world);

  /** A user with a bound number, and a session of the same user that gets codes for another number. */
  const withNewNumber = async () => {
    const owner = await loggedIn();
    const bound = await bind(owner.token, { code: await codeOf(owner.person) });
    const phone = newPhone();
    const account = async () => (await readAccount(world.table, owner.user.id, 'strong'))!;
    // The session gets the openid and the session key of another simulated phone.
    const moved = await loggedIn({ phone });
    const logIn = async (loginAtMs = world.base.now(), { token } = moved) => {
      const { sid: of } = await world.sessions.tokens.verifySession(token);
      const read = { sid: of, nowMs: world.base.now(), consistency: 'strong' as const };
      const { appId, openId, sessionKey } = (await readSession(world.table, read))!;
      const opened = { sid: randomSessionId(world.base), appId, openId, sessionKey, isNewUser: false, loginAtMs };
      return (await openSession(world.miniapp, await account(), opened)).token;
    };
    return { owner, bound, phone: `+86${phone}`, person: moved.person, account, logIn };
  };
  const STALE_MS = 10 * 60_000 + 1;

  it('frees the former number and ends all older sessions, but not the new session', async () => {
    const { owner, bound, phone, person, account, logIn } = await withNewNumber();
    const former = (await account()).phone!;
    const token = await logIn();
    const answer = await bind(token, { code: await codeOf(person) });
    expect(answer.user).toMatchObject({ id: owner.user.id, username: masked(phone) });
    expect(await readPhoneHolder(world.table, former)).toBeUndefined();
    expect(await readPhoneHolder(world.table, phone)).toBe(owner.user.id);
    for (const old of [owner.token, bound.token, token]) {
      await expect(getMe(world.sessions, old)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    expect(await getMe(world.sessions, answer.token)).toEqual({ user: answer.user });
  });

  it('needs a fresh login, changes nothing without one, and accepts the same code after a login', async () => {
    const { bound, phone, person, account, logIn } = await withNewNumber();
    const before = await account();
    const stale = await logIn(world.base.now() - STALE_MS);
    const code = await codeOf(person);
    const calls = await callsFor(async () => {
      await expect(bind(stale, { code })).rejects.toMatchObject({ code: 'FRESH_LOGIN_REQUIRED' });
      expect(await account()).toEqual(before);
      expect(await readPhoneHolder(world.table, phone)).toBeUndefined();
      await expect(getMe(world.sessions, bound.token)).resolves.toBeDefined();
      expect((await bind(await logIn(), { code })).user.username).toBe(masked(phone));
    });
    expect(calls).toBe(1);
  });

  it('needs a fresh login also for encrypted data, and accepts the data again', async () => {
    const { phone, person, account, logIn } = await withNewNumber();
    const before = await account();
    const sealed = await sealedOf(person);
    const stale = await logIn(world.base.now() - STALE_MS);
    await expect(bind(stale, sealed)).rejects.toMatchObject({ code: 'FRESH_LOGIN_REQUIRED' });
    expect(await account()).toEqual(before);
    expect((await bind(await logIn(), sealed)).user.username).toBe(masked(phone));
  });

  it('keeps the time of the login in the new session, so that a binding makes no session fresh', async () => {
    const { person, logIn } = await withNewNumber();
    const loginAtMs = world.base.now() - 60_000;
    const { token } = await bind(await logIn(loginAtMs), { code: await codeOf(person) });
    const { sid } = await world.sessions.tokens.verifySession(token);
    const read = { sid, nowMs: world.base.now(), consistency: 'strong' as const };
    expect(await readSession(world.table, read)).toMatchObject({ loginAtMs });
  });

  it('gives two concurrent requests with one code working sessions', async () => {
    const { person, logIn } = await withNewNumber();
    const token = await logIn();
    const proof = { code: await codeOf(person) };
    const first = slowRequest();
    const one = bindPhone(first.deps, { token, proof });
    await first.asked;
    const two = waitingRequest({ token, proof });
    await two.waits;
    first.answer();
    for (const answer of await Promise.all([one, two.answer])) {
      expect(await getMe(world.sessions, answer.token)).toEqual({ user: answer.user });
    }
  });

  it('gives two concurrent requests with the same encrypted data working sessions', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { person, logIn } = await withNewNumber();
      const token = await logIn();
      const sealed = await sealedOf(person);
      const answers = await Promise.all([bind(token, sealed), bind(token, sealed)]);
      for (const answer of answers) expect(await getMe(world.sessions, answer.token)).toEqual({ user: answer.user });
    }
  });

  it('replaces nothing when all sessions end between the check and the write, and leaves them ended', async () => {
    const { owner, person, account, logIn } = await withNewNumber();
    const [token, other] = [await logIn(), await logIn()];
    const code = await codeOf(person);
    const former = (await account()).phone;
    let notBefore: string | undefined;
    const stop = interceptCommands(world.table, async ({ name }, send) => {
      if (name === 'TransactWrite' && notBefore === undefined) {
        notBefore = (await endSessions(world.sessions, { userId: owner.user.id })).sessionsNotBefore;
      }
      return send();
    });
    await expect(bind(token, { code }).finally(stop)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await account()).toMatchObject({ phone: former, sessionsNotBefore: Date.parse(notBefore!) });
    await expect(getMe(world.sessions, other)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('ends the session of a replacement that is written before the end of all sessions, in the same millisecond', async () => {
    const { owner, person, logIn } = await withNewNumber();
    const proof = { code: await codeOf(person) };
    const token = await logIn();
    const nowMs = world.base.now() + 1;
    const now = () => nowMs;
    let answer: { token: string } | undefined;
    let began = false;
    const stop = interceptCommands(world.table, async ({ text }, send) => {
      if (text.includes('SET sessionsNotBefore = :at') && !began) {
        began = true;
        answer = await bindPhone({ ...world.miniapp, now }, { token, proof });
      }
      return send();
    });
    await endSessions({ ...world.sessions, now }, { userId: owner.user.id }).finally(stop);
    await expect(getMe(world.sessions, answer!.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('gives a session after an end of all sessions a working session for the proof of an earlier replacement', async () => {
    const { owner, person, logIn } = await withNewNumber();
    const proof = { code: await codeOf(person) };
    await bind(await logIn(), proof);
    await endSessions(world.sessions, { userId: owner.user.id });
    const again = await bind(await logIn(), proof);
    await expect(getMe(world.sessions, again.token)).resolves.toBeDefined();
  });

  it('ends the session of an earlier replacement whose clock was ahead', async () => {
    const { person, logIn } = await withNewNumber();
    const ahead = { ...world.miniapp, now: () => world.base.now() + 2_000 };
    const first = await bindPhone(ahead, { token: await logIn(), proof: { code: await codeOf(person) } });
    const next = await loggedIn();
    const second = await bind(await logIn(world.base.now(), next), { code: await codeOf(next.person) });
    await expect(getMe(world.sessions, first.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(getMe(world.sessions, second.token)).resolves.toBeDefined();
  });

  it('binds one of two numbers that are bound concurrently by fresh sessions, or both in turn', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { owner, person, phone, account, logIn } = await withNewNumber();
      const [a, b] = [await logIn(), owner.token];
      const former = (await account()).phone!;
      const proofs = [{ code: await codeOf(person) }, { code: await codeOf(owner.person) }];
      const outcomes = await Promise.allSettled([bind(a, proofs[0]!), bind(b, proofs[1]!)]);
      for (const error of rejectionsOf(outcomes)) expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
      const { phone: kept } = await account();
      expect([former, phone]).toContain(kept);
      const freed = kept === phone ? former : phone;
      expect(await readPhoneHolder(world.table, kept!)).toBe(owner.user.id);
      expect(await readPhoneHolder(world.table, freed)).toBeUndefined();
    }
  });
});

describe('phone number that ends no session', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const { loggedIn, codeOf, bind } = phoneUsers(() => world);

  it('binds the first number without a fresh login, and ends no session', async () => {
    const { person, token } = await loggedIn();
    world.clock.offsetMs = 24 * 3_600_000;
    const answer = await bind(token, { code: await codeOf(person) });
    for (const valid of [token, answer.token]) await expect(getMe(world.sessions, valid)).resolves.toBeDefined();
    world.clock.offsetMs = 0;
  });

  it('changes nothing when the same number is bound again, also without a fresh login', async () => {
    const { person, token, user } = await loggedIn();
    await bind(token, { code: await codeOf(person) });
    const before = await readAccount(world.table, user.id, 'strong');
    world.clock.offsetMs = 3_600_000;
    const again = await bind(token, { code: await codeOf(person) });
    expect(await readAccount(world.table, user.id, 'strong')).toEqual(before);
    for (const valid of [token, again.token]) await expect(getMe(world.sessions, valid)).resolves.toBeDefined();
    world.clock.offsetMs = 0;
  });
});
