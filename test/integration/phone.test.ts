import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { endSessions } from '../../lib/identity/end-sessions.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { logout } from '../../lib/identity/logout.ts';
import { openSession } from '../../lib/identity/open-session.ts';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { readPhoneHolder } from '../../lib/store/identities.ts';
import type { SealedData } from '../../lib/wechat/open-data.ts';
import { interceptCommands } from '../support/crashes.ts';
import { newPhone, PHONE_CALL, phoneUsers } from '../support/phone-users.ts';
import { createWorld, ids, type Person, type World } from '../support/world.ts';

describe('bindPhone', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const { loggedIn, codeOf, sealedOf, bind, callsFor, slowRequest } = phoneUsers(() => world);

  it('binds a phone number by code, makes it the username and returns a new session', async () => {
    const phone = newPhone();
    const { person, token, user } = await loggedIn({ phone });
    const answer = await bind(token, { code: await codeOf(person) });
    const masked = `${phone.slice(0, 3)}****${phone.slice(-4)}`;
    expect(answer.user).toMatchObject({ id: user.id, username: masked, phone: masked, initialized: true });
    expect(await readAccount(world.table, user.id, 'strong')).toMatchObject({ username: phone });
    expect(answer.token).not.toBe(token);
    expect(await getMe(world.sessions, answer.token)).toEqual({ user: answer.user });
    expect(await getMe(world.sessions, token)).toEqual({ user: answer.user });
  });

  it('binds a phone number by sealed data whose country code is a string or a number', async () => {
    for (const countryCodeAs of ['number', 'string']) {
      const phone = newPhone();
      const { person, token } = await loggedIn({ phone, countryCode: '44' });
      const { user } = await bind(token, await sealedOf(person, { countryCodeAs }));
      expect(await readAccount(world.table, user.id, 'strong')).toMatchObject({ username: `+44${phone}` });
    }
  });

  it.each([
    ['+86', (phone: string) => ({ phone }), (phone: string) => `+86${phone}`],
    ['', (phone: string) => ({ phone }), (phone: string) => `+86${phone}`],
    ['', (phone: string) => ({ phone, fullPhone: `+44${phone}` }), (phone: string) => `+44${phone}`],
    ['1242', (phone: string) => ({ phone: phone.slice(-7) }), (phone: string) => `+1242${phone.slice(-7)}`],
    [
      '1876',
      (phone: string) => ({ phone: `876${phone.slice(-7)}`, fullPhone: `+1876${phone.slice(-7)}` }),
      (phone: string) => `+1876${phone.slice(-7)}`,
    ],
    ['+1876', (phone: string) => ({ phone: `876${phone.slice(-7)}` }), (phone: string) => `+1876${phone.slice(-7)}`],
  ])('binds a number whose country code is written as in an area list (%j)', async (countryCode, about, expected) => {
    for (const proofOf of [async (person: Person) => ({ code: await codeOf(person) }), sealedOf]) {
      const phone = newPhone();
      const { person, token, user } = await loggedIn({ countryCode, ...about(phone) });
      expect((await bind(token, await proofOf(person))).user.initialized).toBe(true);
      expect(await readAccount(world.table, user.id, 'strong')).toMatchObject({ phone: expected(phone) });
    }
  });

  it('rejects a number without a clear country code, and logs its form without its digits', async () => {
    for (const proofOf of [async (person: Person) => ({ code: await codeOf(person) }), sealedOf]) {
      const phone = '98765432';
      const { person, token, user } = await loggedIn({ phone, countryCode: '' });
      await expect(bind(token, await proofOf(person))).rejects.toMatchObject({
        code: 'PARAM_ERROR',
        message: expect.stringContaining('bind another number'),
      });
      expect(await readAccount(world.table, user.id, 'strong')).not.toHaveProperty('phone');
      const logged = JSON.parse(world.lines.at(-1)!) as object;
      expect(logged).toMatchObject({ evt: 'phone.number-unresolved', fullForm: '99999999', pureForm: '99999999' });
    }
  });

  it('accepts sealed data whose plus signs became spaces', async () => {
    const { person, token } = await loggedIn();
    const { encryptedData, iv } = await sealedOf(person);
    const spaced = { encryptedData: encryptedData.replaceAll('+', ' '), iv: iv.replaceAll('+', ' ') };
    expect((await bind(token, spaced)).user.initialized).toBe(true);
  });

  it('rejects a login code', async () => {
    const { person, token } = await loggedIn();
    await expect(bind(token, { code: await world.phone.loginCode(person) })).rejects.toMatchObject({
      code: 'WECHAT_CODE_INVALID',
    });
  });

  it('rejects a phone number of another account and changes nothing', async () => {
    const phone = newPhone();
    const [first, second] = [await loggedIn({ phone }), await loggedIn({ phone })];
    await bind(first.token, { code: await codeOf(first.person) });
    for (const proof of [{ code: await codeOf(second.person) }, await sealedOf(second.person)]) {
      await expect(bind(second.token, proof)).rejects.toMatchObject({ code: 'PHONE_ALREADY_BOUND' });
    }
    expect((await getMe(world.sessions, second.token)).user).toEqual(second.user);
    expect(await readPhoneHolder(world.table, `+86${phone}`)).toBe(first.user.id);
  });

  it('binds a phone number to one of three accounts that request it concurrently', async () => {
    for (let round = 0; round < 10; round += 1) {
      const phone = newPhone();
      const racers = await Promise.all([loggedIn({ phone }), loggedIn({ phone }), loggedIn({ phone })]);
      const codes = await Promise.all(racers.map(({ person }) => codeOf(person)));
      const outcomes = await Promise.allSettled(racers.map(({ token }, i) => bind(token, { code: codes[i]! })));
      const winners = racers.filter((_, i) => outcomes[i]!.status === 'fulfilled');
      expect(winners).toHaveLength(1);
      expect(await readPhoneHolder(world.table, `+86${phone}`)).toBe(winners[0]!.user.id);
      const rejections = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      for (const rejection of rejections) expect(rejection).toMatchObject({ code: 'PHONE_ALREADY_BOUND' });
      for (const { token, user } of racers.filter((racer) => !winners.includes(racer))) {
        expect((await getMe(world.sessions, token)).user).toEqual(user);
      }
    }
  });

  const EXPIRED = {
    code: 'SESSION_EXPIRED',
    message: 'The encrypted data belong to another session; log in again, then request them again',
  };

  it.each([
    ['another app in the watermark', { appId: 'wx9999999999999999' }],
    ['a watermark of six minutes ago', { ageSeconds: 360 }],
    ['a watermark from the future', { ageSeconds: -360 }],
  ])('rejects sealed data with %s', async (_, options) => {
    const { person, token } = await loggedIn();
    await expect(bind(token, await sealedOf(person, options))).rejects.toMatchObject(EXPIRED);
  });

  it('returns one error for a stale key, wrong padding, a wrong length, invalid base64 and another kind of data', async () => {
    const { person, token } = await loggedIn();
    const good = await sealedOf(person);
    const bytes = Buffer.from(good.encryptedData, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    const userInfo = (await world.phone.act(person, 'encrypted', { kind: 'userInfo' })) as SealedData;
    const bad = [
      { ...good, encryptedData: bytes.toString('base64') },
      { ...good, encryptedData: good.encryptedData.slice(0, 20) },
      { ...good, encryptedData: '%' },
      { ...good, iv: 'AAAA' },
      { encryptedData: userInfo.encryptedData, iv: userInfo.iv },
    ];
    for (const sealed of bad) await expect(bind(token, sealed)).rejects.toMatchObject(EXPIRED);
    await world.phone.loginCode(person);
    await expect(bind(token, await sealedOf(person))).rejects.toMatchObject(EXPIRED);
    expect((await getMe(world.sessions, token)).user.initialized).toBe(false);
  });

  it('rejects a session of the official account', async () => {
    const person = await world.phone.newPerson({ phone: newPhone() });
    const [appId, openId] = [ids.official.appId, person.openIds.official];
    const { account } = await recogniseOrCreate(world.base, { appId, openId });
    const { token } = await openSession(world.sessions, account, { sid: 'h5', appId, openId, isNewUser: true });
    await expect(bind(token, { code: await codeOf(person) })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(bind(token, await sealedOf(person))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it.each([
    ['a logout', ({ token }: { token: string }) => logout(world.sessions, token)],
    ['a logout everywhere', ({ token }: { token: string }) => logout(world.sessions, token, { everywhere: true })],
    ['an operator', ({ userId }: { userId: string }) => endSessions(world.sessions, { userId })],
  ])('binds nothing and opens no session when %s ends the session while WeChat is asked', async (_, end) => {
    const { person, token, user } = await loggedIn();
    const slow = slowRequest();
    const answer = bindPhone(slow.deps, { token, proof: { code: await codeOf(person) } });
    await slow.asked;
    await end({ token, userId: user.id });
    slow.answer();
    await expect(answer).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await readAccount(world.table, user.id, 'strong')).not.toHaveProperty('phone');
  });

  it('opens a session that an end of all sessions covers when the end comes between the check and the write', async () => {
    const { person, token, user } = await loggedIn();
    const code = await codeOf(person);
    let ended = false;
    const stop = interceptCommands(world.table, async ({ name, text }, send) => {
      if (name === 'Put' && text.includes('"SESSION#') && !ended) {
        ended = true;
        await endSessions(world.sessions, { userId: user.id });
      }
      return send();
    });
    const answer = await bind(token, { code }).finally(stop);
    expect(ended).toBe(true);
    await expect(getMe(world.sessions, answer.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('retries a code with a new access token when WeChat rejects the old token', async () => {
    const { person, token } = await loggedIn();
    await world.faults(PHONE_CALL, 'token-expired');
    const calls = await callsFor(async () => {
      expect((await bind(token, { code: await codeOf(person) })).user.initialized).toBe(true);
    });
    expect(calls).toBe(2);
  });
});
