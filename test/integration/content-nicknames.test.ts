// Nicknames and addresses of pictures in PUT /miniapp/profile, with CONTENT_CHECK=on and off.
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Send } from '../../lib/core/outbound.ts';
import { setProfile } from '../../lib/store/accounts.ts';
import { keys } from '../../lib/store/keys.ts';
import { loadContentCheck } from '../../lib/wiring/content-check.ts';
import { loadProfileUpdate } from '../../lib/wiring/identity.ts';
import { interceptCommands } from '../support/crashes.ts';
import {
  createContentWorld,
  HOUR_MS,
  MINUTE_MS,
  PICTURE_CALL,
  TEXT_CALL,
  uncheckedDuring,
  type ContentWorld,
} from '../support/content-world.ts';

let world: ContentWorld;
beforeAll(async () => {
  world = await createContentWorld();
  await world.classify({ risky: ['赌博'], review: ['疑似'] });
});
afterAll(() => world.close());

const RISKY_PICTURE = 'https://cdn.example.com/赌博.png';
const textCalls = () => world.calls(TEXT_CALL);

describe('a changed nickname', () => {
  it('is stored when WeChat passes it, and checked in the form in which it is stored', async () => {
    const { person, token } = await world.logIn();
    const bodies: unknown[] = [];
    const send: Send = (request) => {
      bodies.push(request.body);
      return world.outside.send(request);
    };
    const { user } = await world.update(token, { nickname: ' 李\u202E雷\u0007 ' }, await world.load({ send }));
    expect(user.nickname).toBe('李雷');
    const [openid, nickname] = [person.openIds.miniapp, '李雷'];
    expect(bodies.at(-1)).toBe(JSON.stringify({ version: 2, openid, scene: 1, content: nickname, nickname }));
  });

  it('is refused when WeChat calls it risky, and the whole request changes nothing', async () => {
    const { token, user } = await world.logIn();
    const before = await world.account(user.id);
    const { uploadId } = await world.upload(token);
    for (const avatar of [{}, { avatarUrl: 'https://cdn.example.com/a.png' }, { avatarUploadId: uploadId }]) {
      await expect(world.update(token, { nickname: '去赌博', ...avatar })).rejects.toMatchObject({
        code: 'CONTENT_REFUSED',
        message: expect.not.stringMatching(/20006|赌博/),
        detail: { field: 'body.nickname' },
      });
    }
    expect(await world.account(user.id)).toEqual(before);
  });

  it('is stored and counted when WeChat is not sure', async () => {
    const { token } = await world.logIn();
    const reasons = await uncheckedDuring(async () => {
      expect((await world.update(token, { nickname: '疑似' })).user.nickname).toBe('疑似');
    });
    expect(reasons).toEqual(['review']);
  });

  it('is not checked again when the user sends it again', async () => {
    const { token } = await world.logIn();
    await world.update(token, { nickname: '李雷' });
    const before = await textCalls();
    await world.update(token, { nickname: '李雷' });
    expect(await textCalls()).toBe(before);
    await world.update(token, { nickname: '韩梅梅' });
    expect(await textCalls()).toBe(before + 1);
  });

  it('is accepted unchecked and counted for a user without an openid in the mini-program', async () => {
    const { token } = await world.logInH5();
    const before = await textCalls();
    const reasons = await uncheckedDuring(async () => {
      expect((await world.update(token, { nickname: '赌博' })).user.nickname).toBe('赌博');
    });
    expect([reasons, await textCalls()]).toEqual([['no-openid'], before]);
  });

  it.each([
    ['does not answer', (times: number) => world.faults(TEXT_CALL, '5xx', times)],
    [
      'has no quota left',
      (times: number) => world.fault({ target: TEXT_CALL, action: 'errcode', errcode: 45009, times }),
    ],
    [
      'lacks the permission',
      (times: number) => world.fault({ target: TEXT_CALL, action: 'errcode', errcode: 48001, times }),
    ],
    ['has not seen the user', (times: number) => world.faults('msg-sec-check', '61010', times)],
  ])('is accepted while WeChat %s, and removed when WeChat refuses it later', async (_, fail) => {
    const { token, user } = await world.logIn();
    await fail(1);
    expect((await world.update(token, { nickname: '去赌博' })).user.nickname).toBe('去赌博');
    await world.wait(2 * MINUTE_MS);
    await world.sweepNow();
    expect((await world.account(user.id)).nickname).toBeUndefined();
    const check = (await world.checks()).findLast(({ userId }) => userId === user.id)!;
    expect(check).toMatchObject({ kind: 'nickname', state: 'refused', label: '20006' });
    expect([check.content, check.openId]).toEqual([undefined, undefined]);
  });

  it.each([
    ['passes it', '李雷'],
    ['is not sure about it', '疑似'],
  ])('stays when WeChat %s later', async (_, nickname) => {
    const { token, user } = await world.logIn();
    await world.faults(TEXT_CALL, '5xx', 1);
    await world.update(token, { nickname });
    await world.wait(2 * MINUTE_MS);
    const reasons = await uncheckedDuring(() => world.sweepNow());
    expect((await world.account(user.id)).nickname).toBe(nickname);
    expect((await world.checks()).find(({ userId }) => userId === user.id)?.state).toBe('passed');
    expect(reasons).toEqual(nickname === '疑似' ? ['review'] : []);
  });

  it('is kept if the user changed it, or WeChat returned it, before the refusal', async () => {
    const users = [await world.logIn(), await world.logIn()] as const;
    await world.faults(TEXT_CALL, '5xx', 2);
    for (const { token } of users) await world.update(token, { nickname: '去赌博' });
    await setProfile(world.table, users[0].user.id, { nickname: '别的名字' });
    const Key = keys.account(users[1].user.id);
    await world.table.client.send(
      new UpdateCommand({
        TableName: world.table.name,
        Key,
        UpdateExpression: 'ADD wechatFields :fields',
        ExpressionAttributeValues: { ':fields': new Set(['nickname']) },
      }),
    );
    await world.wait(2 * MINUTE_MS);
    await world.sweepNow();
    const names = await Promise.all(users.map(async ({ user }) => (await world.account(user.id)).nickname));
    expect(names).toEqual(['别的名字', '去赌博']);
  });
});

describe('a refusal', () => {
  it('keeps a nickname that the user enters while the refused one is removed', async () => {
    const { token, user } = await world.logIn();
    await world.faults(TEXT_CALL, '5xx', 1);
    await world.update(token, { nickname: '去赌博' });
    await world.wait(2 * MINUTE_MS);
    const end = interceptCommands(world.table, async ({ text }, send) => {
      if (!text.includes('REMOVE nickname')) return send();
      end();
      await setProfile(world.table, user.id, { nickname: '别的名字' });
      return send();
    });
    await world.sweepNow();
    expect((await world.account(user.id)).nickname).toBe('别的名字');
  });
});

describe('the address of a picture', () => {
  it('is shown at once, checked, and removed when WeChat refuses it', async () => {
    const { token, user } = await world.logIn();
    const { avatarUrl } = (await world.update(token, { avatarUrl: RISKY_PICTURE })).user;
    expect(avatarUrl).toBe(new URL(RISKY_PICTURE).href);
    await world.classify({ risky: [encodeURIComponent('赌博'), '赌博'] });
    await world.wait(HOUR_MS / 2);
    expect((await world.account(user.id)).avatarUrl).toBeUndefined();
    expect((await world.checks()).find(({ userId }) => userId === user.id)).toMatchObject({
      kind: 'avatar',
      state: 'refused',
    });
  });

  it('is kept if the user changed it before the refusal', async () => {
    const { token, user } = await world.logIn();
    await world.update(token, { avatarUrl: RISKY_PICTURE });
    await world.update(token, { avatarUrl: 'https://cdn.example.com/good.png' });
    await world.wait(HOUR_MS / 2);
    expect((await world.account(user.id)).avatarUrl).toBe('https://cdn.example.com/good.png');
  });

  it('stays visible while it is held', async () => {
    const { token, user } = await world.logIn();
    await world.faults('media-check', 'no-push');
    await world.update(token, { avatarUrl: 'https://cdn.example.com/held.png' });
    await world.wait(HOUR_MS + MINUTE_MS);
    await world.sweepNow();
    expect((await world.checks()).find(({ userId }) => userId === user.id)?.state).toBe('review');
    expect((await world.account(user.id)).avatarUrl).toBe('https://cdn.example.com/held.png');
  });
});

describe('the calls of one account', () => {
  const limited = async () => {
    vi.stubEnv('LIMITS_FACTOR', '1');
    try {
      return await world.load();
    } finally {
      vi.unstubAllEnvs();
    }
  };

  it.each([
    ['nickname', TEXT_CALL, (number: number) => ({ nickname: `李雷${number}` })],
    ['avatarUrl', PICTURE_CALL, (number: number) => ({ avatarUrl: `https://cdn.example.com/${number}.png` })],
  ])('end at the twenty-first changed %s in ten minutes, which is not stored', async (field, call, value) => {
    const [deps, before] = [await limited(), await world.calls(call)];
    const [{ token, user }, other] = [await world.logIn(), await world.logIn()];
    for (let number = 0; number < 20; number += 1) await world.update(token, value(number), deps);
    await expect(world.update(token, value(20), deps)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect((await world.calls(call)) - before).toBe(20);
    expect(await world.account(user.id)).toMatchObject(value(19));
    await world.update(token, value(19), deps);
    expect((await world.update(other.token, value(20), deps)).user).toMatchObject({ [field]: expect.any(String) });
  });
});

describe('with CONTENT_CHECK=off', () => {
  it('makes no call, reads no secret and accepts every nickname and picture', async () => {
    vi.stubEnv('CONTENT_CHECK', 'off');
    vi.stubEnv('MINIAPP_APP_SECRET', '');
    try {
      expect(await loadContentCheck(world.outside)).toBeUndefined();
      const off = { ...world.deps, profile: await loadProfileUpdate(world.outside) };
      const { token } = await world.logIn();
      const before = [await textCalls(), await world.calls(PICTURE_CALL)];
      const { user } = await world.update(token, { nickname: '赌博', avatarUrl: RISKY_PICTURE }, off);
      expect(user.nickname).toBe('赌博');
      expect([await textCalls(), await world.calls(PICTURE_CALL)]).toEqual(before);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('rejects another value than on and off', async () => {
    vi.stubEnv('CONTENT_CHECK', 'true');
    await expect(loadContentCheck(world.outside)).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
    vi.unstubAllEnvs();
  });
});
