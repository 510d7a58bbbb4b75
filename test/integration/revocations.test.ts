// Withdrawn authorisations, from the push of each app to the deleted data.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { updateProfile } from '../../lib/identity/update-profile.ts';
import { setWechatProfile } from '../../lib/store/accounts.ts';
import { readIdentity, readPhoneHolder } from '../../lib/store/identities.ts';
import { readUploads } from '../../lib/store/uploads.ts';
import { readUserToken } from '../../lib/store/user-tokens.ts';
import { recordConsole } from '../support/console.ts';
import { startBucket, type Bucket } from '../support/bucket.ts';
import { about, privateUsers } from '../support/private-users.ts';
import { loadPushFunctions } from '../support/user-data-pushes.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const REVOKE = 'user_authorization_revoke';
const CANCEL = 'user_authorization_cancellation';
const SUCCESS = { statusCode: 200, body: 'success' };

let world: World;
let functions: Awaited<ReturnType<typeof loadPushFunctions>>;
let bucket: Bucket;
let users: ReturnType<typeof privateUsers>;
const lines: string[] = [];
beforeAll(async () => {
  bucket = await startBucket();
  world = await createWorld();
  await world.bindOpenPlatform('miniapp', 'official');
  users = privateUsers(world);
  functions = await loadPushFunctions(world);
  recordConsole(lines);
});
afterEach(() => void lines.splice(0));
afterAll(async () => {
  await world.simulator.close();
  await bucket.stop();
});

describe('a withdrawn authorisation', () => {
  const [name, picture, phone] = ['nickname', 'avatarUrl', 'phone'] as const;

  it.each([
    ['6', [name, picture]],
    ['19', [name]],
    ['20', [picture]],
    ['8', [phone]],
    ['1,19, 8', [name, phone]],
    ['2,13,99999,x', []],
  ])('of the mini-program with RevokeInfo %s deletes only what it gave', async (numbers, deleted) => {
    const user = await users.newUser();
    const before = (await users.accountOf(user))!;
    expect(await functions.push('miniapp', about(user, 'miniapp', REVOKE, numbers))).toMatchObject(SUCCESS);
    const after = (await users.accountOf(user))!;
    for (const field of [name, picture, phone]) {
      expect(after[field], field).toBe((deleted as string[]).includes(field) ? undefined : before[field]);
    }
    expect(await readPhoneHolder(world.table, `+86${user.phone}`)).toBe(after.phone && user.userId);
    await expect(getMe(world.sessions, user.token)).resolves.toBeDefined();
  });

  it.each([
    ['20 deletes the file of the avatar', '20', 1],
    ['14 deletes the files of all pictures', '14', 2],
  ])('of pictures with RevokeInfo %s', async (_, numbers, deleted) => {
    const user = await users.newUser();
    const files = await users.uploadAvatar(user);
    await functions.push('miniapp', about(user, 'miniapp', REVOKE, numbers));
    expect(await Promise.all(files.map(bucket.exists))).toEqual([false, deleted === 1]);
    expect((await users.accountOf(user))!.avatarUrl).toBeUndefined();
    expect(await readUploads(world.table, user.userId)).toHaveLength(2 - deleted);
  });

  it('of a phone gives the account a random username, and frees the number for another account', async () => {
    const user = await users.newUser();
    await functions.push('miniapp', about(user, 'miniapp', REVOKE, '8'));
    const account = (await users.accountOf(user))!;
    expect(account).toMatchObject({ phoneRelease: { reason: 'authorization-revoked' } });
    expect(account.username).toMatch(/^user_/);
    const other = await world.phone.newPerson({ phone: user.phone });
    expect((await users.bind(other, (await users.login(other)).token)).user.initialized).toBe(true);
  });

  it('of the official account deletes the values of WeChat and the user token, and keeps entered values', async () => {
    const user = await users.newUser();
    await functions.push('official', about(user, 'official', REVOKE, '205'));
    expect(await users.accountOf(user)).toMatchObject({ nickname: user.nickname, phone: `+86${user.phone}` });
    expect(await readUserToken(world.table, user.official, world.base.now())).toBeUndefined();

    const person = await world.phone.newPerson();
    const official = { appId: ids.official.appId, openId: person.openIds.official };
    const { account } = await recogniseOrCreate(world.base, official);
    await setWechatProfile(world.table, account, { nickname: '微信名', avatarUrl: 'https://a.example/w' });
    await functions.push('official', about({ person }, 'official', REVOKE, '201'));
    expect(await users.accountOf({ userId: account.id })).toMatchObject({ nickname: '微信名' });
    await functions.push('official', about({ person }, 'official', REVOKE, '205'));
    const after = (await users.accountOf({ userId: account.id }))!;
    expect([after.nickname, after.avatarUrl, after.wechatFields]).toEqual([undefined, undefined, undefined]);
  });

  it('has its effect once: a repetition deletes nothing that the user gave again', async () => {
    const user = await users.newUser();
    const push = { ...about(user, 'miniapp', REVOKE, '8,6'), CreateTime: Math.floor(Date.now() / 1_000) };
    await functions.push('miniapp', push);
    await users.bind(user.person, (await users.login(user.person)).token);
    await updateProfile(world.miniapp, {
      token: (await users.login(user.person)).token,
      input: { nickname: '又来了' },
    });
    expect(await functions.push('miniapp', push)).toMatchObject(SUCCESS);
    expect(await users.accountOf(user)).toMatchObject({ phone: `+86${user.phone}`, nickname: '又来了' });
    expect((await functions.stored()).filter(({ openId }) => openId === push.OpenID)).toHaveLength(1);
  });

  it('concerns the OpenID of the AppID in the push, in either webhook, and not its sender', async () => {
    const [user, foreign] = [await users.newUser(), await users.newUser()];
    await functions.push('official', about(user, 'miniapp', REVOKE, '8'));
    expect((await users.accountOf(user))!.phone).toBeUndefined();
    await functions.push('miniapp', { ...about(foreign, 'miniapp', REVOKE, '8'), AppID: 'wx9999999999999999' });
    expect((await users.accountOf(foreign))!.phone).toBeDefined();
  });

  it.each(['miniapp', 'official'] as const)(
    'of an unknown user of %s stores only the expiring outbox entry',
    async (app) => {
      const before = await users.items();
      const OpenID = `o_unknown_${app}`;
      for (const Event of [REVOKE, CANCEL]) {
        expect(await functions.push(app, { Event, OpenID, RevokeInfo: '8,205' })).toMatchObject(SUCCESS);
      }
      const added = (await users.items()).filter(({ pk }) => !before.some((item) => item['pk'] === pk));
      expect(added.map(({ sk }) => sk)).toEqual(['REVOCATION', 'REVOCATION']);
      for (const { expiresAt } of added) expect(expiresAt).toBeGreaterThan(Date.now() / 1_000);
    },
  );

  it('is not applied for an event that no stored push supports', async () => {
    const user = await users.newUser();
    const at = new Date().toISOString();
    const data = { appId: ids.miniapp.appId, openId: user.person.openIds.miniapp, revoked: ['phone-number'] };
    const rest = { cancelled: true, verified: true, pushId: 'p-forged', at };
    const forged = { name: 'user.authorization-revoked', id: 'x', at, data: { ...data, ...rest } } as const;
    await expect(functions.consume(forged)).rejects.toThrow('not stored');
    expect((await users.accountOf(user))!.phone).toBeDefined();
  });

  it('ends consistently when the user binds the phone concurrently', async () => {
    for (let round = 0; round < 8; round += 1) {
      const user = await users.newUser();
      const { code } = (await world.phone.act(user.person, 'phone-code')) as { code: string };
      await Promise.all([
        functions.push('miniapp', about(user, 'miniapp', REVOKE, '8')),
        bindPhone(world.miniapp, { token: user.token, proof: { code } }),
      ]);
      const { phone: bound } = (await users.accountOf(user))!;
      expect(await readPhoneHolder(world.table, `+86${user.phone}`)).toBe(bound && user.userId);
    }
  });
});

describe('user_info_modified', () => {
  it('of the mini-program erases nickname and picture, also entered ones, and nothing else', async () => {
    const user = await users.newUser();
    expect(await functions.push('miniapp', about(user, 'miniapp', 'user_info_modified'))).toMatchObject(SUCCESS);
    const after = (await users.accountOf(user))!;
    expect([after.nickname, after.avatarUrl, after.phone]).toEqual([undefined, undefined, `+86${user.phone}`]);
    expect(await functions.push('miniapp', about(user, 'miniapp', 'user_info_modified'))).toMatchObject(SUCCESS);
  });

  it('of the official account requests a refresh of the profile of the owner, who is not the sender', async () => {
    const user = await users.newUser();
    await functions.push('official', about(user, 'official', 'user_info_modified'));
    const stored = await readIdentity(world.table, user.official, 'strong');
    expect(stored?.syncRequestedAtMs).toBeDefined();
    expect((await users.accountOf(user))!.nickname).toBe(user.nickname);
  });
});

describe('a push in plain mode', () => {
  it('deletes only the nickname and the picture, and requests a check for the phone and the account', async () => {
    const plain = await loadPushFunctions(world, { MINIAPP_MODE: 'plain', OFFICIAL_MODE: 'plain' });
    const user = await users.newUser();
    const files = await users.uploadAvatar(user);
    expect(await plain.push('miniapp', about(user, 'miniapp', REVOKE, '6,8,14'))).toMatchObject(SUCCESS);
    const after = (await users.accountOf(user))!;
    expect([after.nickname, after.avatarUrl, after.phone]).toEqual([undefined, undefined, `+86${user.phone}`]);
    expect(await plain.push('official', about(user, 'official', CANCEL))).toMatchObject(SUCCESS);
    expect(await users.accountOf(user)).toMatchObject({ phone: `+86${user.phone}` });
    await expect(getMe(world.sessions, user.token)).resolves.toBeDefined();
    expect(await Promise.all(files.map(bucket.exists))).toEqual([true, true]);
    expect(lines.filter((line) => line.includes('authorization.check-requested'))).toHaveLength(2);
    Object.assign(process.env, world.settings);
  });
});
