// The checks that are not decided at once: pauses, missing pushes, failed fetches, and the end after a week.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sweepChecks } from '../../lib/content-check/sweep-checks.ts';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { joinTrace } from '../../lib/store/content-checks.ts';
import {
  createContentWorld,
  HOUR_MS,
  MINUTE_MS,
  PICTURE_CALL,
  TEXT_CALL,
  uncheckedDuring,
  type ContentWorld,
} from '../support/content-world.ts';

const DAY_MS = 24 * HOUR_MS;

let world: ContentWorld;
beforeAll(async () => {
  world = await createContentWorld();
});
afterAll(() => world.close());
// Leaves no due check of an earlier test.
beforeEach(async () => {
  await fetch(`${world.simulator.url}/_faults`, { method: 'DELETE' });
  await world.wait(8 * DAY_MS);
  for (let run = 0; run < 3; run += 1) await world.sweepNow();
});

const stateOf = async (id: string) => (await world.check(id))?.state;

/** Uploads a picture whose push never arrives. */
async function uploadWithoutPush() {
  const login = await world.logIn();
  await world.faults('media-check', 'no-push');
  return { ...login, ...(await world.upload(login.token)) };
}

describe('content-sweep', () => {
  it('holds a picture without a push after an hour, not earlier, and a late verdict still counts', async () => {
    const { user, uploadId, url, token } = await uploadWithoutPush();
    await world.update(token, { avatarUploadId: uploadId });
    await world.wait(HOUR_MS - MINUTE_MS);
    await world.sweepNow();
    expect(await stateOf(uploadId)).toBe('pending');
    await world.wait(2 * MINUTE_MS);
    await world.sweepNow();
    expect(await stateOf(uploadId)).toBe('review');
    expect(await world.uploadsOf(user.id)).toMatchObject([{ state: 'review' }]);
    await world.takeVerdict((await world.check(uploadId))!.traceId!, 'pass');
    expect(await stateOf(uploadId)).toBe('passed');
    expect(await world.account(user.id)).toMatchObject({ avatarUrl: url });
  });

  it('applies a verdict whose push arrived while the function crashed', async () => {
    const { uploadId } = await uploadWithoutPush();
    const { traceId } = (await world.check(uploadId))!;
    await joinTrace(world.table, traceId!, { suggest: 'risky', label: '20002' }, world.outside.now());
    await world.wait(HOUR_MS + MINUTE_MS);
    await world.sweepNow();
    expect(await world.check(uploadId)).toMatchObject({ state: 'refused', label: '20002' });
  });

  it('asks once more about a picture that WeChat could not fetch, and then holds it', async () => {
    const { uploadId } = await uploadWithoutPush();
    const first = (await world.check(uploadId))!.traceId!;
    for (let repeat = 0; repeat < 2; repeat += 1) await world.takeVerdict(first, 'failed');
    expect(await stateOf(uploadId)).toBe('pending');
    const before = await world.calls(PICTURE_CALL);
    await world.wait(11 * MINUTE_MS);
    await world.faults('media-check', 'no-push');
    await world.sweepNow();
    expect(await world.calls(PICTURE_CALL)).toBe(before + 1);
    const second = (await world.check(uploadId))!.traceId!;
    expect(second).not.toBe(first);
    await world.takeVerdict(second, 'failed');
    expect(await stateOf(uploadId)).toBe('review');
  });

  it('asks again with growing pauses below two hours, until a week has passed', async () => {
    const { token, user } = await world.logIn();
    await world.faults('msg-sec-check', '61010', 10_000);
    await world.update(token, { nickname: '李雷' });
    const [beganAtMs, attempts] = [world.outside.now(), [] as number[]];
    let calls = await world.calls(TEXT_CALL);
    const reasons = await uncheckedDuring(async () => {
      while (world.outside.now() - beganAtMs < 8 * DAY_MS) {
        // After the first four minutes, no early check is due at the moment of a sweep.
        const stepMinutes = attempts.length === 0 ? 4 : attempts.length < 5 ? 5 : 55;
        world.clock.offsetMs += stepMinutes * MINUTE_MS;
        await world.sweepNow();
        const now = await world.calls(TEXT_CALL);
        if (now > calls) attempts.push((world.outside.now() - beganAtMs) / MINUTE_MS);
        calls = now;
      }
    });
    const pauses = attempts.slice(1).map((at, index) => Math.round(at - attempts[index]!));
    // A pause is as long as the age of the check, and ends at one of the sweeps, which are five minutes apart.
    for (const [index, pause] of pauses.slice(0, 3).entries()) {
      expect(pause).toBeGreaterThanOrEqual(Math.round(attempts[index]!));
      expect(pause).toBeLessThanOrEqual(Math.round(attempts[index]!) + 5);
    }
    expect(Math.max(...pauses)).toBeLessThan(120);
    expect((attempts.at(-1)! * MINUTE_MS) / DAY_MS).toBeCloseTo(7, 0);
    expect(reasons).toEqual(['expired']);
    expect((await world.account(user.id)).nickname).toBe('李雷');
  });

  it('holds a picture that WeChat did not check within a week', async () => {
    const { token } = await world.logIn();
    await world.faults(PICTURE_CALL, '5xx', 10_000);
    const { uploadId } = await world.upload(token);
    await world.update(token, { avatarUploadId: uploadId });
    world.clock.offsetMs += 7 * DAY_MS + HOUR_MS;
    await world.sweepNow();
    expect(await stateOf(uploadId)).toBe('review');
  });

  it('ends a run after five failed calls in a row, and asks about the rest in the next run', async () => {
    await world.faults(PICTURE_CALL, '5xx', 10_000);
    for (let index = 0; index < 7; index += 1) await world.upload((await world.logIn()).token);
    world.clock.offsetMs += 2 * MINUTE_MS;
    const before = await world.calls(PICTURE_CALL);
    expect(await world.sweepNow()).toEqual({ visited: 5, more: true });
    expect((await world.calls(PICTURE_CALL)) - before).toBe(5);
    expect(await world.sweepNow()).toMatchObject({ visited: 2 });
  });

  it('asks about a check once when two runs overlap', async () => {
    const { token } = await world.logIn();
    await world.faults(PICTURE_CALL, '5xx', 1);
    await world.upload(token);
    world.clock.offsetMs += 2 * MINUTE_MS;
    const before = await world.calls(PICTURE_CALL);
    const runs = await Promise.all([world.sweepNow(), world.sweepNow()]);
    expect(runs.reduce((sum, { visited }) => sum + visited, 0)).toBe(1);
    expect((await world.calls(PICTURE_CALL)) - before).toBe(1);
  });

  it('starts no check after its time is used up', async () => {
    const { token } = await world.logIn();
    await world.faults(PICTURE_CALL, '5xx', 1);
    await world.upload(token);
    world.clock.offsetMs += 2 * MINUTE_MS;
    let reads = 0;
    const now = () => world.outside.now() + (reads++ === 0 ? 0 : 101_000);
    expect(await sweepChecks({ ...world.deps.sweep, now })).toEqual({ visited: 0, more: true });
  });

  it.each([
    ['a nickname', TEXT_CALL, { nickname: '李雷' }, { nickname: '韩梅梅' }],
    ['an address', PICTURE_CALL, { avatarUrl: 'https://a.example/1' }, { avatarUrl: 'https://a.example/2' }],
  ])('asks no more about %s that the user replaced, and deletes its check', async (_, call, former, current) => {
    const { token, user } = await world.logIn();
    await world.faults(call, '5xx', 1);
    await world.update(token, former);
    await world.update(token, current);
    const before = await world.calls(call);
    await world.wait(2 * MINUTE_MS);
    await world.sweepNow();
    expect(await world.calls(call)).toBe(before);
    const content = Object.values(former).join('');
    expect((await world.checks()).filter((check) => JSON.stringify(check).includes(content))).toEqual([]);
    expect(await world.account(user.id)).toMatchObject(current);
  });

  it('asks no more about a picture that the user did not use for a day, and holds nothing', async () => {
    const { token } = await world.logIn();
    await world.faults(PICTURE_CALL, '5xx', 1);
    const { uploadId } = await world.upload(token);
    const before = await world.calls(PICTURE_CALL);
    await world.wait(DAY_MS + MINUTE_MS);
    await world.sweepNow();
    expect(await world.calls(PICTURE_CALL)).toBe(before);
    expect(await world.check(uploadId)).toBeUndefined();
  });

  it('deletes the check of a closed account', async () => {
    const { token, user } = await world.logIn();
    await world.faults(TEXT_CALL, '5xx', 1);
    await world.update(token, { nickname: '李雷' });
    await closeAccount(world.closing, token);
    await world.wait(2 * MINUTE_MS);
    await world.sweepNow();
    expect((await world.checks()).filter(({ userId }) => userId === user.id)).toEqual([]);
  });
});
