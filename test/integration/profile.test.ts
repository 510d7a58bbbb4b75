import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { updateProfile, type ProfileInput } from '../../lib/identity/update-profile.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { readUnion } from '../../lib/store/identities.ts';
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
    ['a control character', { nickname: 'a\u0007b' }],
    ['a line break', { nickname: 'a\nb' }],
    ['a direction override', { nickname: 'abc\u202Edef' }],
    ['half a surrogate pair', { nickname: 'a\uD83C' }],
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

  it('accepts a signed profile and stores its avatar URL with https', async () => {
    const { person, token } = await loggedIn({ nickname: '韩梅梅', avatarUrl: 'http://thirdwx.qlogo.cn/a/132' });
    expect(await update(token, await signedBy(person))).toMatchObject({
      user: { nickname: '韩梅梅', avatarUrl: 'https://thirdwx.qlogo.cn/a/132' },
    });
  });

  it('ignores the unionid in sealed data, which a forger can change in parts', async () => {
    await world.bindOpenPlatform();
    const { person, token } = await loggedIn();
    await world.bindOpenPlatform('miniapp', 'official');
    await update(token, await signedBy(person));
    expect(await readUnion(world.table, person.unionId, 'strong')).toBeUndefined();
  });

  it('keeps typed values when the signed profile has no valid values', async () => {
    const { person, token, user } = await loggedIn({ nickname: '\u202E', avatarUrl: 'x' });
    await update(token, { nickname: '自己的名字' });
    const sealed = await update(token, await signedBy(person));
    expect(sealed.user).toMatchObject({ id: user.id, nickname: '自己的名字', avatarUrl: null });
    expect((await readAccount(world.table, user.id, 'strong'))!.wechatFields).toBeUndefined();
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
