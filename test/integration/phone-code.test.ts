import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { hashOfCode } from '../../lib/identity/code-session.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { keys } from '../../lib/store/keys.ts';
import type { PhoneCode } from '../../lib/store/phone-codes.ts';
import { getItem } from '../../lib/store/table.ts';
import { crashesAfter } from '../support/crashes.ts';
import { newPhone, PHONE_CALL, phoneUsers } from '../support/phone-users.ts';
import { rejectionsOf } from '../support/rejections.ts';
import { countingSleeps } from '../support/sleeps.ts';
import { createWorld, ids, type World } from '../support/world.ts';

describe('code of the phone button', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const { loggedIn, codeOf, bind, callsFor, slowRequest, waitingRequest } = phoneUsers(() => world);
  const storedCode = (code: string) =>
    getItem<PhoneCode>(world.table, keys.phoneCode(hashOfCode('phone_code', ids.miniapp.appId, code)), 'strong');

  it('returns a working session for a code that is sent twice, and asks WeChat once', async () => {
    const { person, token } = await loggedIn();
    const code = await codeOf(person);
    const calls = await callsFor(async () => {
      for (let i = 0; i < 2; i += 1) {
        const answer = await bind(token, { code });
        expect(answer.user.initialized).toBe(true);
        expect(await getMe(world.sessions, answer.token)).toEqual({ user: answer.user });
      }
    });
    expect(calls).toBe(1);
  });

  it('returns working sessions for two concurrent requests with one code, and RATE_LIMITED for a third', async () => {
    const { person, token } = await loggedIn();
    const proof = { code: await codeOf(person) };
    const first = slowRequest();
    const calls = await callsFor(async () => {
      const one = bindPhone(first.deps, { token, proof });
      await first.asked;
      const two = waitingRequest({ token, proof });
      await two.waits;
      const { deps, held } = countingSleeps(world.miniapp);
      const three = bindPhone(deps, { token, proof });
      await expect(three).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 2 });
      expect(held.ms).toBe(0);
      first.answer();
      for (const answer of await Promise.all([one, two.answer])) {
        expect(answer.user.initialized).toBe(true);
        expect(await getMe(world.sessions, answer.token)).toEqual({ user: answer.user });
      }
    });
    expect(calls).toBe(1);
    expect((await bind(token, proof)).user.initialized).toBe(true);
  });

  it('asks WeChat once when ten requests claim one code concurrently', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { person, token } = await loggedIn();
      const code = await codeOf(person);
      const calls = await callsFor(async () => {
        const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => bind(token, { code })));
        for (const error of rejectionsOf(outcomes)) expect(error).toMatchObject({ code: 'RATE_LIMITED' });
        expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
      });
      expect(calls).toBe(1);
    }
  });

  it('lets the duplicate ask WeChat itself when the first request fails', async () => {
    const { person, token } = await loggedIn();
    const proof = { code: await codeOf(person) };
    const first = slowRequest(new AppError('WECHAT_TIMEOUT', 'test'));
    const one = bindPhone(first.deps, { token, proof });
    await first.asked;
    const two = waitingRequest({ token, proof });
    await two.waits;
    first.answer();
    await expect(one).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect((await two.answer).user.initialized).toBe(true);
  });

  it('lets a request wait for the second attempt after another request waited for the first attempt', async () => {
    const { person, token } = await loggedIn();
    const proof = { code: await codeOf(person) };
    const failing = slowRequest(new AppError('WECHAT_TIMEOUT', 'test'));
    const one = bindPhone(failing.deps, { token, proof });
    await failing.asked;
    const { deps } = countingSleeps(world.miniapp);
    await expect(bindPhone(deps, { token, proof })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    failing.answer();
    await expect(one).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });

    const second = slowRequest();
    const three = bindPhone(second.deps, { token, proof });
    await second.asked;
    const four = waitingRequest({ token, proof });
    await four.waits;
    second.answer();
    for (const answer of await Promise.all([three, four.answer])) {
      expect(await getMe(world.sessions, answer.token)).toEqual({ user: answer.user });
    }
  });

  it('rejects a junk code without a wait, and stores nothing about it', async () => {
    const { token } = await loggedIn();
    const { deps, held } = countingSleeps(world.miniapp);
    for (const code of ['junk', 'rubbish', 'junk']) {
      const call = bindPhone(deps, { token, proof: { code } });
      await expect(call).rejects.toMatchObject({ code: 'WECHAT_CODE_INVALID' });
      expect(await storedCode(code)).toBeUndefined();
    }
    expect(held.ms).toBe(0);
  });

  it('accepts a code again after WeChat failed', async () => {
    const { person, token } = await loggedIn();
    const code = await codeOf(person);
    await world.faults(PHONE_CALL, '5xx');
    await expect(bind(token, { code })).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect((await bind(token, { code })).user.initialized).toBe(true);
  });

  it('replaces the claim of a request that crashed, after 20 seconds', async () => {
    const { person, token } = await loggedIn();
    const code = await codeOf(person);
    // The first write counts the request.
    expect(await crashesAfter(world.table, 2, () => bind(token, { code }))).toBe(true);
    expect(await storedCode(code)).not.toHaveProperty('phone');
    const { deps, held } = countingSleeps(world.miniapp);
    await expect(bindPhone(deps, { token, proof: { code } })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(held.ms).toBe(5_100);
    world.clock.offsetMs = 20_001;
    // WeChat spent the code for the crashed request.
    await expect(bind(token, { code })).rejects.toMatchObject({ code: 'WECHAT_CODE_INVALID' });
    world.clock.offsetMs = 0;
  });

  it('rejects a code of another user, before and after its use', async () => {
    const [owner, attacker] = [await loggedIn(), await loggedIn()];
    const code = await codeOf(owner.person);
    await expect(bind(attacker.token, { code })).rejects.toMatchObject({ code: 'WECHAT_CODE_INVALID' });
    const fresh = await codeOf(owner.person);
    await bind(owner.token, { code: fresh });
    const calls = await callsFor(() =>
      expect(bind(attacker.token, { code: fresh })).rejects.toMatchObject({ code: 'WECHAT_CODE_INVALID' }),
    );
    expect(calls).toBe(0);
    expect((await getMe(world.sessions, attacker.token)).user.initialized).toBe(false);
  });

  it('removes the number from the stored code once the number is bound', async () => {
    const phone = newPhone();
    const { person, token } = await loggedIn({ phone });
    const code = await codeOf(person);
    await bind(token, { code });
    expect(await storedCode(code)).toMatchObject({ settled: true });
    expect(JSON.stringify(await storedCode(code))).not.toContain(phone);
  });
});
