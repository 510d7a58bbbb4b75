// Uploaded pictures with CONTENT_CHECK=on: the check, its push, and the avatar that waits for it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import {
  createContentWorld,
  HOUR_MS,
  MINUTE_MS,
  PICTURE_CALL,
  uncheckedDuring,
  type ContentWorld,
} from '../support/content-world.ts';
import { crashesAfter } from '../support/crashes.ts';

let world: ContentWorld;
beforeAll(async () => {
  world = await createContentWorld();
});
afterAll(() => world.close());

/** Uploads a picture and makes it the avatar. */
async function choose(token: string) {
  const { uploadId, url } = await world.upload(token);
  const { user } = await world.update(token, { avatarUploadId: uploadId });
  return { uploadId, url, user, key: url.split('/').at(-1)! };
}

/** Logs in a user whose first picture has passed its check. */
async function withPicture() {
  const login = await world.logIn();
  const first = await choose(login.token);
  await world.wait(HOUR_MS / 2);
  expect((await world.account(login.user.id)).avatarUrl).toBe(first.url);
  return { ...login, first };
}

describe('an uploaded picture', () => {
  it('is checked once, at its public address, and waits for the verdict', async () => {
    const { token, user } = await world.logIn();
    const before = await world.calls(PICTURE_CALL);
    const { uploadId, url, status } = await world.upload(token);
    expect(status).toBe('checking');
    expect(url).toMatch(/^https:\/\/api\.example\.com\/uploads\//);
    expect((await world.calls(PICTURE_CALL)) - before).toBe(1);
    expect(await world.check(uploadId)).toMatchObject({
      kind: 'upload',
      userId: user.id,
      state: 'pending',
      content: { url },
    });
  });

  it('becomes the avatar after the push, and the old picture stays visible until then', async () => {
    const { token, user, first } = await withPicture();
    const second = await choose(token);
    expect(second.user.avatarUrl).toBe(first.url);
    await world.wait(HOUR_MS / 2);
    const account = await world.account(user.id);
    expect([account.avatarUrl, account.pendingAvatar]).toEqual([second.url, undefined]);
    expect(await world.bucket.exists(first.key)).toBe(false);
    expect(await world.check(second.uploadId)).toMatchObject({ state: 'passed', label: '100' });
  });

  it('disappears when it is refused, and the old picture stays', async () => {
    const { token, user, first } = await withPicture();
    const second = await choose(token);
    await world.classify({ risky: [second.uploadId] });
    await world.wait(HOUR_MS / 2);
    const account = await world.account(user.id);
    expect([account.avatarUrl, account.pendingAvatar]).toEqual([first.url, undefined]);
    expect(await world.bucket.exists(second.key)).toBe(false);
    const check = (await world.check(second.uploadId))!;
    expect(check).toMatchObject({ state: 'refused', label: '20006' });
    expect([check.content, check.openId]).toEqual([undefined, undefined]);
    await expect(world.update(token, { avatarUploadId: second.uploadId })).rejects.toMatchObject({
      code: 'CONTENT_REFUSED',
    });
  });

  it('is refused again by its bytes for the same user, and checked for another user', async () => {
    const [{ token }, other] = [await world.logIn(), await world.logIn()];
    const { uploadId } = await world.upload(token, 'the same bytes');
    await world.classify({ risky: [uploadId] });
    await world.wait(HOUR_MS / 2);
    const before = await world.calls(PICTURE_CALL);
    await expect(world.upload(token, 'the same bytes')).rejects.toMatchObject({ code: 'CONTENT_REFUSED' });
    expect(await world.calls(PICTURE_CALL)).toBe(before);
    expect(await world.upload(other.token, 'the same bytes')).toMatchObject({ status: 'checking' });
  });

  it('is held when WeChat is not sure, and the old picture stays', async () => {
    const { token, user, first } = await withPicture();
    const second = await choose(token);
    await world.classify({ review: [second.uploadId] });
    await world.wait(HOUR_MS / 2);
    expect((await world.account(user.id)).avatarUrl).toBe(first.url);
    expect(await world.check(second.uploadId)).toMatchObject({ state: 'review', label: '21000' });
    expect((await world.uploadsOf(user.id)).find(({ uploadId }) => uploadId === second.uploadId)?.state).toBe('review');
  });

  it('changes nothing when it is refused after the user chose another one', async () => {
    const { token, user } = await world.logIn();
    const [first, second] = [await choose(token), await choose(token)];
    await world.classify({ risky: [first.uploadId] });
    await world.wait(HOUR_MS / 2);
    expect((await world.account(user.id)).avatarUrl).toBe(second.url);
  });

  it('is accepted unchecked for a user without an openid in the mini-program', async () => {
    const { token, user } = await world.logInH5();
    const before = await world.calls(PICTURE_CALL);
    const reasons = await uncheckedDuring(async () => {
      const { uploadId, url, status } = await world.upload(token);
      expect(status).toBe('passed');
      expect((await world.update(token, { avatarUploadId: uploadId })).user.avatarUrl).toBe(url);
    });
    expect(reasons).toEqual(['no-openid']);
    expect(await world.uploadsOf(user.id)).toMatchObject([{ state: 'passed' }]);
    expect(await world.calls(PICTURE_CALL)).toBe(before);
  });
});

describe('a verdict', () => {
  it.each([
    ['the push comes before the answer', 'push-before-answer', 'passed'],
    ['the answer comes before the push', undefined, 'checking'],
    ['the push has the fields of version 1', 'version-1', 'checking'],
  ])('is applied when %s', async (_, variant, expected) => {
    const { token, user } = await world.logIn();
    if (variant) await world.faults('media-check', variant);
    const { uploadId, url, status } = await world.upload(token);
    expect(status).toBe(expected);
    await world.update(token, { avatarUploadId: uploadId });
    await world.wait(HOUR_MS / 2);
    expect(await world.account(user.id)).toMatchObject({ avatarUrl: url });
    expect((await world.check(uploadId))?.state).toBe('passed');
  });

  it('refuses the upload at once when it arrives before the answer', async () => {
    const { token, user } = await world.logIn();
    await world.classify({ risky: ['/uploads/'] });
    await world.faults('media-check', 'push-before-answer');
    await expect(world.upload(token)).rejects.toMatchObject({ code: 'CONTENT_REFUSED' });
    await world.classify({ risky: [] });
    expect(await world.uploadsOf(user.id)).toMatchObject([{ state: 'refused' }]);
  });

  it('is applied by the second of a request and a push that race', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { token, user } = await world.logIn();
      const traceId = `race-${round}`;
      const send = async () => ({
        status: 200,
        headers: {},
        body: Buffer.from(JSON.stringify({ errcode: 0, trace_id: traceId })),
      });
      const { uploads } = await world.load({ send });
      await world.deps.check.accessToken.get();
      const [upload] = await Promise.all([
        world.upload(token, undefined, { ...uploads, files: world.deps.uploads.files }),
        world.takeVerdict(traceId, 'pass'),
      ]);
      expect(await world.check(upload.uploadId)).toMatchObject({ state: 'passed', traceId });
      expect(await world.uploadsOf(user.id)).toMatchObject([{ state: 'passed' }]);
    }
  });

  it('has no further effect when its push is repeated, or another verdict follows', async () => {
    const { user, first } = await withPicture();
    const { traceId } = (await world.check(first.uploadId))!;
    const before = await world.check(first.uploadId);
    for (const suggest of ['pass', 'risky', 'review', 'failed'] as const) await world.takeVerdict(traceId!, suggest);
    expect(await world.check(first.uploadId)).toEqual({ ...before, expiresAt: expect.any(Number) });
    expect((await world.account(user.id)).avatarUrl).toBe(first.url);
  });

  it('about an unknown trace is kept for a day and changes nothing', async () => {
    const checks = await world.checks();
    await world.takeVerdict('unknown-trace', 'risky');
    expect(await world.checks()).toEqual(checks);
    const trace = (await world.traces()).find((item) => (item as { pk?: string }).pk === 'TRACE#unknown-trace');
    const lifeS = (trace as unknown as { expiresAt: number }).expiresAt - (Date.now() + world.clock.offsetMs) / 1_000;
    expect(Math.round(lifeS / 3_600)).toBe(24);
  });

  it('is applied by the repeated push after a crash at any write', async () => {
    for (let writes = 0; ; writes += 1) {
      const { token, user } = await world.logIn();
      const picture = await choose(token);
      const { traceId } = (await world.check(picture.uploadId))!;
      const crashed = await crashesAfter(world.table, writes, () => world.takeVerdict(traceId!, 'pass'));
      await world.takeVerdict(traceId!, 'pass');
      expect(await world.account(user.id)).toMatchObject({ avatarUrl: picture.url });
      expect(await world.check(picture.uploadId)).toMatchObject({ state: 'passed', expiresAt: expect.any(Number) });
      if (!crashed) break;
    }
  });

  it('is applied by the sweep after a crash between the decision and its effect', async () => {
    const { token, user } = await world.logIn();
    const picture = await choose(token);
    const { traceId } = (await world.check(picture.uploadId))!;
    expect(await crashesAfter(world.table, 2, () => world.takeVerdict(traceId!, 'pass'))).toBe(true);
    expect((await world.account(user.id)).avatarUrl).toBeUndefined();
    world.clock.offsetMs += HOUR_MS + MINUTE_MS;
    await world.sweepNow();
    expect(await world.account(user.id)).toMatchObject({ avatarUrl: picture.url });
  });
});

describe('a request that WeChat does not answer', () => {
  it('is sent again later', async () => {
    const { token, user } = await world.logIn();
    await world.faults(PICTURE_CALL, '5xx', 1);
    const { uploadId, url, status } = await world.upload(token);
    expect(status).toBe('checking');
    await world.update(token, { avatarUploadId: uploadId });
    expect((await world.check(uploadId))?.traceId).toBeUndefined();
    await world.wait(2 * MINUTE_MS);
    await world.sweepNow();
    await world.wait(HOUR_MS / 2);
    expect(await world.account(user.id)).toMatchObject({ avatarUrl: url });
  });

  it('has two traces, and the verdict of the lost one changes nothing', async () => {
    const { token } = await world.logIn();
    let lost: string | undefined;
    const { uploads } = await world.load({
      send: async (request) => {
        const response = await world.outside.send(request);
        if (!String(request.url).includes(PICTURE_CALL)) return response;
        lost = (JSON.parse(response.body.toString()) as { trace_id: string }).trace_id;
        throw new AppError('WECHAT_TIMEOUT', 'lost');
      },
    });
    const { uploadId } = await world.upload(token, undefined, uploads);
    await world.takeVerdict(lost!, 'risky');
    expect(await world.check(uploadId)).toMatchObject({ state: 'pending' });
    await world.wait(2 * MINUTE_MS);
    await world.sweepNow();
    await world.wait(HOUR_MS / 2);
    expect((await world.check(uploadId))?.state).toBe('passed');
  });
});
