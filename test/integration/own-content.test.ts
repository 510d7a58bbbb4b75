// A team's own content, the decisions of operators, and the events about both.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPicture } from '../../lib/content-check/check-picture.ts';
import { checkText } from '../../lib/content-check/check-text.ts';
import { eventsOf } from '../../lib/events/from-record.ts';
import { keys } from '../../lib/store/keys.ts';
import {
  createContentWorld,
  HOUR_MS,
  MINUTE_MS,
  TEXT_CALL,
  uncheckedDuring,
  type ContentWorld,
} from '../support/content-world.ts';
import { recordChange } from '../support/identity-changes.ts';

let world: ContentWorld;
beforeAll(async () => {
  world = await createContentWorld();
  await world.classify({ risky: ['赌博', '/risky'], review: ['疑似', '/review'] });
});
afterAll(() => world.close());

async function write() {
  const { token, user } = await world.logIn();
  const content = {
    author: await world.account(user.id),
    scene: 'comment',
    kind: 'own',
    subject: 'comment:42',
  } as const;
  return {
    token,
    user,
    text: (text: string) => checkText(world.deps.check, { ...content, text }),
    picture: (path: string) => checkPicture(world.deps.check, { ...content, url: `https://cdn.example.com/${path}` }),
    checkId: async () => (await world.checks()).findLast(({ userId }) => userId === user.id)!.checkId,
  };
}

/** Returns the events of the change of a check. */
const eventsDuring = async (checkId: string, act: () => Promise<unknown>) =>
  eventsOf(await recordChange(world, keys.check(checkId), act));

describe('own content', () => {
  it.each([
    ['很好', 'passed'],
    ['去赌博', 'refused'],
    ['疑似', 'review'],
  ])('the text %s is %s at once, without a stored check', async (text, result) => {
    const author = await write();
    expect(await author.text(text)).toBe(result);
    expect((await world.checks()).filter(({ userId }) => userId === author.user.id)).toEqual([]);
  });

  it('is unchecked while CONTENT_CHECK is off, without a count', async () => {
    const content = { author: { id: 'a' }, scene: 'forum', kind: 'own', subject: 's' } as const;
    const reasons = await uncheckedDuring(async () => {
      expect(await checkText(undefined, { ...content, text: '赌博' })).toBe('unchecked');
      expect(await checkPicture(undefined, { ...content, url: 'https://a.example/' })).toBe('unchecked');
    });
    expect(reasons).toEqual([]);
  });

  it('is checked later also if the author cut a character in half', async () => {
    const author = await write();
    await world.faults(TEXT_CALL, '5xx', 1);
    expect(await author.text('很好\uD83C')).toBe('later');
  });

  it('is rejected with PARAM_ERROR above 2,500 characters', async () => {
    await expect((await write()).text('字'.repeat(2_501))).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });

  it.each([
    ['很好', 'content.passed'],
    ['去赌博', 'content.refused'],
    ['疑似', 'content.held'],
  ])('the text %s is checked later, with the event %s', async (text, name) => {
    const author = await write();
    await world.faults(TEXT_CALL, '5xx', 1);
    expect(await author.text(text)).toBe('later');
    await world.wait(2 * MINUTE_MS);
    const [event, ...more] = await eventsDuring(await author.checkId(), () => world.sweepNow());
    expect(event).toMatchObject({ name, data: { userId: author.user.id, subject: 'comment:42' } });
    expect(more).toEqual([]);
    const check = (await world.check(await author.checkId()))!;
    expect([check.content, check.openId]).toEqual([undefined, undefined]);
  });

  it.each([
    ['good.png', 'content.passed'],
    ['risky.png', 'content.refused'],
    ['review.png', 'content.held'],
  ])('the picture %s is checked by a push, with the event %s', async (path, name) => {
    const author = await write();
    expect(await author.picture(path)).toBe('checking');
    const [event] = await eventsDuring(await author.checkId(), () => world.wait(HOUR_MS / 2));
    expect(event).toMatchObject({ name, data: { userId: author.user.id, subject: 'comment:42' } });
  });
});

describe('content-decide', () => {
  async function held(path = 'review.png') {
    const author = await write();
    const { uploadId, url } = await world.upload(author.token);
    await world.update(author.token, { avatarUploadId: uploadId });
    await author.picture(path);
    const ownId = await author.checkId();
    await world.classify({ review: ['/review', uploadId] });
    await world.wait(HOUR_MS / 2);
    return { ...author, uploadId, url, ownId };
  }

  it('approves an upload, which becomes the avatar', async () => {
    const { user, uploadId, url } = await held();
    const decided = await world.decide({ uploadId, decision: 'approve' });
    expect(decided).toEqual({ userId: user.id, kind: 'upload', url, state: 'passed' });
    expect(await world.account(user.id)).toMatchObject({ avatarUrl: url });
  });

  it('refuses an upload, with the event content.refused', async () => {
    const { user, uploadId, url } = await held();
    const [event] = await eventsDuring(uploadId, () => world.decide({ uploadId, decision: 'refuse' }));
    expect(event).toMatchObject({ name: 'content.refused', data: { uploadId, kind: 'upload' } });
    expect(await world.bucket.exists(url.split('/').at(-1)!)).toBe(false);
    const account = await world.account(user.id);
    expect([account.avatarUrl, account.pendingAvatar]).toEqual([undefined, undefined]);
  });

  it('decides content of a team by the checkId of its event', async () => {
    const { ownId } = await held();
    const [event] = await eventsDuring(ownId, () => world.decide({ checkId: ownId, decision: 'approve' }));
    expect(event).toMatchObject({ name: 'content.passed', data: { subject: 'comment:42' } });
  });

  it('keeps the first decision, and returns its state', async () => {
    const { user, uploadId, url } = await held();
    await world.decide({ uploadId, decision: 'approve' });
    expect(await world.decide({ uploadId, decision: 'refuse' })).toMatchObject({ state: 'passed' });
    await world.takeVerdict((await world.check(uploadId))!.traceId!, 'risky');
    expect(await world.account(user.id)).toMatchObject({ avatarUrl: url });
  });

  it('takes exactly one of two opposite decisions at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { user, uploadId, url } = await held();
      const decisions = ['approve', 'refuse'].map((decision) => world.decide({ uploadId, decision }));
      const [first, second] = (await Promise.all(decisions)).map(({ state }) => state);
      expect(first).toBe(second);
      const exists = await world.bucket.exists(url.split('/').at(-1)!);
      expect([exists, (await world.account(user.id)).avatarUrl]).toEqual(
        first === 'passed' ? [true, url] : [false, undefined],
      );
    }
  });

  it.each([
    ['nothing', null],
    ['no decision', { uploadId: 'a'.repeat(32) }],
    ['another decision', { uploadId: 'a'.repeat(32), decision: 'delete' }],
    ['a malformed id', { uploadId: 'x', decision: 'approve' }],
    ['both ids', { uploadId: 'a'.repeat(32), checkId: 'a'.repeat(32), decision: 'approve' }],
  ])('rejects %s with PARAM_ERROR', async (_, input) => {
    await expect(world.decide(input)).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringContaining('uploadId'),
    });
  });

  it('throws NOT_FOUND for an unknown id', async () => {
    await expect(world.decide({ checkId: '0'.repeat(32), decision: 'refuse' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});
