import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { logout } from '../../lib/identity/logout.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { rejectionsOf } from '../support/rejections.ts';
import { countingSleeps } from '../support/sleeps.ts';
import { createWorld, type World } from '../support/world.ts';

describe('loginMiniapp', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const codeOfNewPerson = async () => world.phone.loginCode(await world.phone.newPerson());

  it('creates an account with a random username at the first login, and finds it at the next', async () => {
    const person = await world.phone.newPerson();
    const first = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    const second = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    expect(first).toMatchObject({ isNewUser: true, tokenType: 'Bearer', user: { initialized: false, phone: null } });
    expect(first.user.username).toMatch(/^user_[0-9a-z]{10}$/);
    expect(second).toMatchObject({ isNewUser: false, user: { id: first.user.id, username: first.user.username } });
  });

  it('returns the same account and a working session when the same js_code is sent twice', async () => {
    const code = await codeOfNewPerson();
    const first = await loginMiniapp(world.miniapp, code);
    const second = await loginMiniapp(world.miniapp, code);
    expect(second).toMatchObject({ isNewUser: true, user: { id: first.user.id } });
    await expect(getMe(world.sessions, first.token)).resolves.toEqual({ user: first.user });
    await expect(getMe(world.sessions, second.token)).resolves.toEqual({ user: first.user });
  });

  it('returns the first session for a used js_code while WeChat fails', async () => {
    const code = await codeOfNewPerson();
    const { token } = await loginMiniapp(world.miniapp, code);
    for (const action of ['5xx', 'busy']) {
      await world.faults('jscode2session', action, 2);
      expect((await loginMiniapp(world.miniapp, code)).token).toBe(token);
    }
  });

  /** The clock stands still, so that no wait times out on a slow machine. */
  const withoutTimeouts = () => {
    const nowMs = world.base.now();
    return { ...world.miniapp, now: () => nowMs };
  };

  it('returns one account and two working sessions for two concurrent requests with one js_code', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [code, deps] = [await codeOfNewPerson(), withoutTimeouts()];
      const answers = await Promise.all([loginMiniapp(deps, code), loginMiniapp(deps, code)]);
      expect(answers[0]!.user).toEqual(answers[1]!.user);
      for (const { token, user } of answers) expect(await getMe(world.sessions, token)).toEqual({ user });
    }
  });

  it('lets one of ten concurrent requests with one js_code wait for the first, and returns an error to others', async () => {
    const [code, deps] = [await codeOfNewPerson(), withoutTimeouts()];
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => loginMiniapp(deps, code)));
    const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(answers.length).toBeGreaterThanOrEqual(2);
    expect(new Set(answers.map(({ user }) => user.id)).size).toBe(1);
    for (const { token } of answers) await expect(getMe(world.sessions, token)).resolves.toBeDefined();
    for (const error of rejectionsOf(outcomes)) expect(error).toMatchObject({ code: 'WECHAT_CODE_INVALID' });
  });

  it('holds at most one function for a hundred replays of a used js_code without a session', async () => {
    const code = await codeOfNewPerson();
    await logout(world.sessions, (await loginMiniapp(world.miniapp, code)).token);
    const { deps, held } = countingSleeps(world.miniapp);
    const replays = Array.from({ length: 100 }, () => loginMiniapp(deps, code));
    for (const outcome of await Promise.allSettled(replays)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'WECHAT_CODE_INVALID' } });
    }
    expect(held).toEqual({ now: 0, most: 1, ms: 1_500 });
    await expect(loginMiniapp(deps, code)).rejects.toMatchObject({ code: 'WECHAT_CODE_INVALID' });
    expect(held.ms).toBe(1_500);
  });

  it('waits for a concurrent duplicate that WeChat answered and that is slow to open its session', async () => {
    const code = await codeOfNewPerson();
    const [answered, waiting] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slowly: typeof world.miniapp.send = async (request) => {
      const answer = await world.miniapp.send(request);
      answered.resolve();
      await waiting.promise;
      return answer;
    };
    const first = loginMiniapp({ ...world.miniapp, send: slowly }, code);
    await answered.promise;
    // The clock of the duplicate stands still, so that its wait does not time out.
    const nowMs = world.base.now();
    const sleep: typeof world.miniapp.sleep = (ms) => (waiting.resolve(), world.miniapp.sleep(ms));
    const second = loginMiniapp({ ...world.miniapp, sleep, now: () => nowMs }, code);
    const [one, two] = await Promise.all([first, second]);
    expect(two.user.id).toBe(one.user.id);
    await expect(getMe(world.sessions, two.token)).resolves.toEqual({ user: one.user });
  });

  it('creates one account when a new user logs in with ten codes concurrently', async () => {
    const person = await world.phone.newPerson();
    const codes = await Promise.all(Array.from({ length: 10 }, () => world.phone.loginCode(person)));
    const answers = await Promise.all(codes.map((code) => loginMiniapp(world.miniapp, code)));
    expect(new Set(answers.map(({ user }) => user.id)).size).toBe(1);
    expect(answers.filter(({ isNewUser }) => isNewUser)).toHaveLength(1);
  });

  it('rejects a used js_code after five minutes', async () => {
    const code = await codeOfNewPerson();
    await loginMiniapp(world.miniapp, code);
    world.clock.offsetMs = 5 * 60_000 + 1_000;
    await expect(loginMiniapp(world.miniapp, code)).rejects.toMatchObject({ code: 'WECHAT_CODE_INVALID' });
    world.clock.offsetMs = 0;
  });

  it('rejects a used js_code whose session was logged out', async () => {
    const code = await codeOfNewPerson();
    const { token } = await loginMiniapp(world.miniapp, code);
    await logout(world.sessions, token);
    await expect(loginMiniapp(world.miniapp, code)).rejects.toMatchObject({ code: 'WECHAT_CODE_INVALID' });
    await expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('rejects an unknown js_code', async () => {
    await expect(loginMiniapp(world.miniapp, 'nonsense')).rejects.toMatchObject({ code: 'WECHAT_CODE_INVALID' });
  });

  it('retries once when WeChat is busy, and never after a timeout, which may have spent the code', async () => {
    const path = '/sns/jscode2session';
    await world.faults('jscode2session', 'busy');
    const before = await world.calls(path);
    await loginMiniapp(world.miniapp, await codeOfNewPerson());
    expect((await world.calls(path)) - before).toBe(2);
    await world.faults('jscode2session', 'timeout');
    await expect(loginMiniapp(world.miniapp, await codeOfNewPerson())).rejects.toMatchObject({
      code: 'WECHAT_TIMEOUT',
    });
    expect((await world.calls(path)) - before).toBe(3);
  });

  it.each([
    ['garbage', 'WECHAT_UNAVAILABLE'],
    ['5xx', 'WECHAT_UNAVAILABLE'],
  ])('turns the answer %s of WeChat into %s', async (action, code) => {
    await world.faults('jscode2session', action);
    await expect(loginMiniapp(world.miniapp, await codeOfNewPerson())).rejects.toMatchObject({ code });
  });

  it('names the secret that WeChat rejects', async () => {
    const app = { ...world.miniapp.app, appSecret: 'wrong' };
    await expect(loginMiniapp({ ...world.miniapp, app }, await codeOfNewPerson())).rejects.toMatchObject({
      code: 'WECHAT_CONFIG',
      message: 'WeChat rejected MINIAPP_APP_SECRET',
    });
  });

  it('opens a session that getMe rejects after its end, before TTL deletes it', async () => {
    const { token, expiresIn } = await loginMiniapp(world.miniapp, await codeOfNewPerson());
    world.clock.offsetMs = expiresIn * 1_000 + 1_000;
    await expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    world.clock.offsetMs = 0;
  });
});
