import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { updateProfile, type ProfileInput } from '../../lib/identity/update-profile.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { readUnion } from '../../lib/store/identities.ts';
import { interceptCommands } from '../support/crashes.ts';
import { createWorld, type Person, type World } from '../support/world.ts';

type Signed = Extract<ProfileInput, { rawData: string }>;

describe('updateProfile', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const loggedIn = async (about: object = {}) => {
    const person = await world.phone.newPerson(about);
    return { person, ...(await loginMiniapp(world.miniapp, await world.phone.loginCode(person))) };
  };
  const update = (token: string, input: ProfileInput) => updateProfile(world.miniapp, { token, input });
  const signedBy = async (person: Person, options: object = {}) =>
    (await world.phone.act(person, 'encrypted', { kind: 'userInfo', ...options })) as Signed;
  const realProfileOf = async (person: Person, options: object = {}) => {
    await world.faults('encrypted', 'real-profile');
    return signedBy(person, options);
  };
  const wechatFields = async (id: string) => (await readAccount(world.table, id, 'strong'))!.wechatFields;

  it('stores a nickname or an avatar and keeps the other', async () => {
    const { token } = await loggedIn();
    expect(await update(token, { nickname: ' 李雷 🎈 ' })).toMatchObject({
      user: { nickname: '李雷 🎈', avatarUrl: null },
    });
    const avatarUrl = 'https://cdn.example.com/a.png?x=1';
    expect(await update(token, { avatarUrl })).toMatchObject({ user: { nickname: '李雷 🎈', avatarUrl } });
    expect(await update(token, { nickname: '👩‍👩‍👧' })).toMatchObject({ user: { nickname: '👩‍👩‍👧', avatarUrl } });
  });

  it.each([
    ['an empty input', {}],
    ['an empty nickname', { nickname: '  ' }],
    ['a long nickname', { nickname: '字'.repeat(65) }],
    ['a nickname of a zero width space', { nickname: '\u200B' }],
    ['a nickname of a Hangul filler', { nickname: '\u3164' }],
    ['a nickname of direction marks', { nickname: '\u202E\u2069' }],
    ['a pile of combining marks', { nickname: `a${'\u0301'.repeat(200)}` }],
    ['an http avatar URL', { avatarUrl: 'http://cdn.example.com/a.png' }],
    ['a javascript: avatar URL', { avatarUrl: 'javascript:alert(1)' }],
    ['a data: avatar URL', { avatarUrl: 'data:image/png;base64,AAAA' }],
    ['a password in the avatar URL', { avatarUrl: 'https://u:p@cdn.example.com/a.png' }],
    ['a space in the avatar URL', { avatarUrl: 'https://cdn.example.com/a b.png' }],
    ['an avatar URL without a scheme', { avatarUrl: '//cdn.example.com/a.png' }],
    ['a long avatar URL', { avatarUrl: `https://cdn.example.com/${'a'.repeat(1_024)}` }],
  ])('rejects %s', async (_, input) => {
    const { token, user } = await loggedIn();
    await expect(update(token, input)).rejects.toMatchObject({ code: 'PARAM_ERROR', detail: { field: /^body\./ } });
    expect(user).toMatchObject({ nickname: null, avatarUrl: null });
  });

  it('removes control characters and direction marks from a nickname', async () => {
    const { token } = await loggedIn();
    for (const [typed, stored] of [
      ['A\u2069B', 'AB'],
      ['a\u0007\nb\u202E', 'ab'],
      ['\uFEFF👨‍👩‍👧‍👦 ❤️\uD83C', '👨‍👩‍👧‍👦 ❤️'],
    ] as const) {
      expect((await update(token, { nickname: typed })).user.nickname).toBe(stored);
    }
  });

  it.each(['http', 'wxfile', 'devtools'])(
    'rejects a temporary file of chooseAvatar and explains that it must be uploaded (%s)',
    async (form) => {
      const { person, token } = await loggedIn();
      const input = (await world.phone.act(person, 'choose-avatar', { form })) as { avatarUrl: string };
      await expect(update(token, input)).rejects.toMatchObject({
        code: 'PARAM_ERROR',
        message: expect.stringMatching(/temporary file of the phone; send it to POST \/uploads/),
        detail: { field: 'body.avatarUrl' },
      });
    },
  );

  it('accepts a signed profile and stores its avatar URL with https', async () => {
    const { person, token } = await loggedIn({ nickname: '韩梅梅', avatarUrl: 'http://thirdwx.qlogo.cn/a/132' });
    expect(await update(token, await realProfileOf(person))).toMatchObject({
      user: { nickname: '韩梅梅', avatarUrl: 'https://thirdwx.qlogo.cn/a/132' },
    });
  });

  it('accepts signed data of getUserProfile, which contain no openid', async () => {
    const { person, token } = await loggedIn({ nickname: '韩梅梅' });
    expect(await update(token, await realProfileOf(person, { api: 'getUserProfile' }))).toMatchObject({
      user: { nickname: '韩梅梅' },
    });
  });

  it.each(['getUserInfo', 'getUserProfile'])(
    'never stores the placeholder name or the grey picture (%s)',
    async (api) => {
      const { person, token, user } = await loggedIn();
      const sealed = await signedBy(person, { api });
      expect(await update(token, sealed)).toEqual({ user });
      const { nickName: nickname, avatarUrl } = JSON.parse(sealed.rawData) as { nickName: string; avatarUrl: string };
      expect(nickname).toBe('微信用户');
      expect(await update(token, { nickname, avatarUrl })).toEqual({ user });
      const typed = { nickname: '自己的名字', avatarUrl: 'https://cdn.example.com/a.png' };
      await update(token, typed);
      expect(await update(token, sealed)).toEqual({ user: { ...user, ...typed } });
      expect(await update(token, { nickname, avatarUrl })).toEqual({ user: { ...user, ...typed } });
    },
  );

  it('keeps values that WeChat returned before when it returns placeholders', async () => {
    const { person, token, user } = await loggedIn({ nickname: '韩梅梅' });
    const known = await update(token, await realProfileOf(person));
    expect(await update(token, await signedBy(person))).toEqual(known);
    expect(await wechatFields(user.id)).toEqual(new Set(['nickname', 'avatarUrl']));
  });

  it('keeps a typed value when a signed profile arrives, and stores the other value', async () => {
    const { person, token, user } = await loggedIn({ nickname: '韩梅梅', avatarUrl: 'https://thirdwx.qlogo.cn/a/132' });
    await update(token, { nickname: '自己的名字' });
    expect((await update(token, await realProfileOf(person))).user).toMatchObject({
      nickname: '自己的名字',
      avatarUrl: 'https://thirdwx.qlogo.cn/a/132',
    });
    expect(await wechatFields(user.id)).toEqual(new Set(['avatarUrl']));
  });

  it('replaces a value of WeChat by a typed value, which WeChat no longer replaces', async () => {
    const { person, token, user } = await loggedIn({ nickname: '韩梅梅' });
    await update(token, await realProfileOf(person));
    expect((await update(token, { nickname: '自己的名字' })).user.nickname).toBe('自己的名字');
    expect(await wechatFields(user.id)).toEqual(new Set(['avatarUrl']));
    expect((await update(token, await realProfileOf(person))).user.nickname).toBe('自己的名字');
  });

  it('keeps a name that the user types while a signed profile is stored, and stores the other value', async () => {
    const avatarUrl = 'https://thirdwx.qlogo.cn/a/132';
    const { person, token } = await loggedIn({ nickname: '韩梅梅', avatarUrl });
    const sealed = await realProfileOf(person);
    const end = interceptCommands(world.table, async ({ name }, send) => {
      if (name !== 'Update') return send();
      end();
      await update(token, { nickname: '自己的名字' });
      return send();
    });
    expect((await update(token, sealed)).user).toMatchObject({ nickname: '自己的名字', avatarUrl });
  });

  it('ignores the unionid in sealed data, which a forger can change in parts', async () => {
    await world.bindOpenPlatform();
    const { person, token } = await loggedIn();
    await world.bindOpenPlatform('miniapp', 'official');
    await update(token, await realProfileOf(person));
    expect(await readUnion(world.table, person.unionId, 'strong')).toBeUndefined();
  });

  it('stores the signed name, and no name that the user wrote into the ciphertext', async () => {
    const { person, token, user } = await loggedIn();
    const sealed = await signedBy(person, { api: 'getUserProfile' });
    const iv = Buffer.from(sealed.iv, 'base64');
    // The user knows the beginning of the plaintext, {"nickName":"微信用户", and can change it by the vector.
    const [known, written] = [Buffer.from('微'), Buffer.from('abc')];
    known.forEach((byte, at) => (iv[at + '{"nickName":"'.length]! ^= byte ^ written[at]!));
    expect(await update(token, { ...sealed, iv: iv.toString('base64') })).toEqual({ user });
  });

  it('keeps typed values when the signed profile has no valid values', async () => {
    const { person, token, user } = await loggedIn({ nickname: '\u202E', avatarUrl: 'x' });
    await update(token, { nickname: '自己的名字' });
    const sealed = await update(token, await realProfileOf(person));
    expect(sealed.user).toMatchObject({ id: user.id, nickname: '自己的名字', avatarUrl: null });
    expect(await wechatFields(user.id)).toBeUndefined();
  });

  it('rejects a wrong signature and data of another user, of another app, too old or under another session key', async () => {
    const { person, token } = await loggedIn();
    const other = await loggedIn();
    const good = await signedBy(person);
    const rejection = { code: 'SESSION_EXPIRED' };
    const stolen = await signedBy(other.person);
    for (const input of [
      { ...good, signature: good.signature.replace(/^./, (first) => (first === '0' ? '1' : '0')) },
      { ...good, rawData: `${good.rawData} ` },
      stolen,
      await signedBy(person, { appId: 'wx9999999999999999' }),
      await signedBy(person, { ageSeconds: 301 }),
    ]) {
      await expect(update(token, input)).rejects.toMatchObject(rejection);
    }
    await world.phone.loginCode(person);
    await expect(update(token, await signedBy(person))).rejects.toMatchObject(rejection);
  });
});
