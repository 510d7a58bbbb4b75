// The choice of an uploaded avatar, and the verdict about it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppError } from '../../lib/core/errors.ts';
import { updateProfile } from '../../lib/identity/update-profile.ts';
import { mergeAccounts } from '../../lib/store/account-links.ts';
import { setWechatProfile } from '../../lib/store/accounts.ts';
import { readUploads, type Upload } from '../../lib/store/uploads.ts';
import { dropRefusedPicture, showPassedAvatar, type AvatarDeps } from '../../lib/uploads/avatar.ts';
import { loadFiles } from '../../lib/wiring/files.ts';
import { expectOnly } from '../support/shown-avatar.ts';
import { startUploadWorld, type UploadWorld } from '../support/uploaders.ts';

const DAY_MS = 24 * 3_600_000;

let bucket: UploadWorld['bucket'];
let world: UploadWorld['world'];
let users: UploadWorld['users'];
let stop: UploadWorld['stop'];
let avatars: AvatarDeps;
beforeAll(async () => {
  ({ bucket, world, users, stop } = await startUploadWorld());
  avatars = { ...world.base, ...(await loadFiles(world.outside)), publicBaseUrl: users.deps.publicBaseUrl };
});
afterAll(() => stop());

describe('updateProfile with avatarUploadId', () => {
  it('shows a passed upload at once, keeps its file, and sets the nickname with it', async () => {
    const { token, id } = await users.logIn();
    const chosen = await users.upload(token);
    expect(await users.choose(token, chosen.uploadId, ' 李雷 ')).toMatchObject({
      nickname: '李雷',
      avatarUrl: chosen.url,
    });
    await expectOnly({ world, bucket }, id, chosen);
  });

  it('returns the same answer to a repeated request', async () => {
    const { token, id } = await users.logIn();
    const chosen = await users.upload(token);
    const first = await users.choose(token, chosen.uploadId);
    expect(await users.choose(token, chosen.uploadId)).toEqual(first);
    expect(await users.choose(token, chosen.uploadId, '韩梅梅')).toEqual({ ...first, nickname: '韩梅梅' });
    await expectOnly({ world, bucket }, id, chosen);
  });

  it('deletes the file and the item of a replaced avatar, which cannot be chosen again', async () => {
    const { token, id } = await users.logIn();
    const [former, chosen] = [await users.upload(token), await users.upload(token)];
    await users.choose(token, former.uploadId);
    await users.choose(token, chosen.uploadId);
    await expectOnly({ world, bucket }, id, chosen);
    expect(await bucket.exists(former.key)).toBe(false);
    await expect(users.choose(token, former.uploadId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('deletes the file of an avatar that an address replaces', async () => {
    const { token, id } = await users.logIn();
    const former = await users.upload(token);
    await users.choose(token, former.uploadId);
    const avatarUrl = 'https://cdn.example.com/a.png';
    const { user } = await updateProfile(world.miniapp, { token, input: { avatarUrl } });
    expect(user).toMatchObject({ avatarUrl });
    expect([await readUploads(world.table, id), await bucket.exists(former.key)]).toEqual([[], false]);
  });

  it('keeps an unused upload when another upload becomes the avatar', async () => {
    const { token, id } = await users.logIn();
    const [unused, chosen] = [await users.upload(token), await users.upload(token)];
    await users.choose(token, chosen.uploadId);
    expect(await users.itemOf(id, unused.uploadId)).toHaveProperty('expiresAt');
    expect(await bucket.exists(unused.key)).toBe(true);
  });

  it('gives the same answer for an upload of another user and for an unknown upload', async () => {
    const [{ token }, other] = [await users.logIn(), await users.logIn()];
    const foreign = await users.upload(other.token);
    const answers = [foreign.uploadId, '0'.repeat(32), 'x', '\uD800'].map((uploadId) =>
      users.choose(token, uploadId).catch(({ code, message }: AppError) => ({ code, message })),
    );
    const [first, ...rest] = await Promise.all(answers);
    expect(first).toMatchObject({ code: 'NOT_FOUND' });
    expect(rest).toEqual([first, first, first]);
    expect(await bucket.isTagged(foreign.key)).toBe(true);
  });

  it('rejects an upload that has expired', async () => {
    const { token, id } = await users.logIn();
    const { uploadId } = await users.upload(token);
    world.clock.offsetMs = DAY_MS;
    await expect(users.choose(token, uploadId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    world.clock.offsetMs = 0;
    expect(await users.account(id)).not.toHaveProperty('avatarUrl');
  });

  it('rejects an upload whose file the bucket has deleted, and deletes its item', async () => {
    const { token, id } = await users.logIn();
    const { uploadId, key } = await users.upload(token);
    await bucket.expire(key);
    await expect(users.choose(token, uploadId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await readUploads(world.table, id)).toEqual([]);
  });

  it('rejects avatarUrl together with avatarUploadId', async () => {
    const { token } = await users.logIn();
    const { uploadId: avatarUploadId } = await users.upload(token);
    const input = { avatarUrl: 'https://cdn.example.com/a.png', avatarUploadId };
    await expect(updateProfile(world.miniapp, { token, input })).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });

  it('accepts the address of the present avatar, and rejects the address of another upload', async () => {
    const { token, id } = await users.logIn();
    const [chosen, other] = [await users.upload(token), await users.uploadUnchecked(token)];
    await users.choose(token, chosen.uploadId);
    const send = (avatarUrl: string) => updateProfile(world.miniapp, { token, input: { nickname: '李雷', avatarUrl } });
    expect((await send(chosen.url)).user).toMatchObject({ nickname: '李雷', avatarUrl: chosen.url });
    await expect(send(other.url)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    expect((await users.account(id)).avatarUrl).toBe(chosen.url);
    expect(await bucket.exists(chosen.key)).toBe(true);
  });

  it.each([
    ['with capital letters in the host', (url: URL) => url.href.replace(url.host, url.host.toUpperCase())],
    ['with the default port', (url: URL) => url.href.replace(url.host, `${url.host}:443`)],
    ['behind a dot segment', (url: URL) => url.href.replace('/uploads/', '/x/../uploads/')],
    ['with an encoded letter', (url: URL) => url.href.replace('/uploads/', '/%75ploads/')],
    ['with an encoded slash', (url: URL) => url.href.replace('/uploads/', '/uploads%2F')],
  ])('rejects the address of another upload %s', async (_, disguise) => {
    const { token, id } = await users.logIn();
    const { url } = await users.uploadUnchecked(token);
    const avatarUrl = disguise(new URL(url));
    expect(avatarUrl).not.toBe(url);
    await expect(updateProfile(world.miniapp, { token, input: { avatarUrl } })).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      detail: { field: 'body.avatarUrl' },
    });
    expect(await users.account(id)).not.toHaveProperty('avatarUrl');
  });

  it('replaces an avatar of WeChat, which WeChat then no longer replaces', async () => {
    const { token, id } = await users.logIn();
    await setWechatProfile(world.table, await users.account(id), { avatarUrl: 'https://thirdwx.qlogo.cn/a' });
    const chosen = await users.upload(token);
    await users.choose(token, chosen.uploadId);
    const current = await users.account(id);
    expect(await setWechatProfile(world.table, current, { avatarUrl: 'https://thirdwx.qlogo.cn/b' })).toBeUndefined();
  });

  it('uses an upload that was created before a merge of the account', async () => {
    const [into, from] = [await users.logIn(), await users.logIn()];
    const [former, chosen] = [await users.uploadUnchecked(from.token), await users.upload(from.token)];
    await users.choose(from.token, former.uploadId);
    const [intoAccount, fromAccount] = [await users.account(into.id), await users.account(from.id)];
    const at = new Date(world.base.now()).toISOString();
    expect(await mergeAccounts(world.table, { into: intoAccount, from: fromAccount, unionId: `u${into.id}`, at })).toBe(
      true,
    );
    expect((await users.account(into.id)).pendingAvatar).toMatchObject({ uploadId: former.uploadId });
    await showPassedAvatar(avatars, await users.judge(from.id, former.uploadId, 'passed'));
    expect((await users.account(into.id)).avatarUrl).toBe(former.url);
    expect(await users.choose(from.token, chosen.uploadId)).toMatchObject({ id: into.id, avatarUrl: chosen.url });
    expect(await bucket.exists(former.key)).toBe(false);
  });
});

describe('verdict about an avatar', () => {
  const pendingOver = async () => {
    const { token, id } = await users.logIn();
    const former = await users.upload(token);
    await users.choose(token, former.uploadId);
    const pending = await users.uploadUnchecked(token);
    expect(await users.choose(token, pending.uploadId)).toMatchObject({ avatarUrl: former.url });
    expect((await users.account(id)).pendingAvatar).toEqual({ uploadId: pending.uploadId, url: pending.url });
    expect([await bucket.exists(former.key), await bucket.isTagged(pending.key)]).toEqual([true, false]);
    return { token, id, former, pending };
  };

  it('shows a pending avatar when it passes, and deletes the former avatar', async () => {
    const { id, former, pending } = await pendingOver();
    const passed = await users.judge(id, pending.uploadId, 'passed');
    await showPassedAvatar(avatars, passed);
    await showPassedAvatar(avatars, passed);
    expect(await users.account(id)).not.toHaveProperty('pendingAvatar');
    await expectOnly({ world, bucket }, id, pending);
    expect(await bucket.exists(former.key)).toBe(false);
  });

  it('keeps the former avatar when the pending avatar is refused, and remembers the refused picture', async () => {
    const { token, id, former, pending } = await pendingOver();
    const refused = await users.judge(id, pending.uploadId, 'refused');
    await dropRefusedPicture(avatars, refused);
    await dropRefusedPicture(avatars, refused);
    const after = await users.account(id);
    expect([after.avatarUrl, after.pendingAvatar]).toEqual([former.url, undefined]);
    expect([await bucket.exists(former.key), await bucket.exists(pending.key)]).toEqual([true, false]);
    const { state, expiresAt } = (await users.itemOf(id, pending.uploadId))!;
    expect([state, Math.round((expiresAt! * 1_000 - world.base.now()) / DAY_MS)]).toEqual(['refused', 90]);
    await expect(users.choose(token, pending.uploadId)).rejects.toMatchObject({ code: 'CONTENT_REFUSED' });
  });

  it('replaces a pending avatar by a newer one, and ignores the verdict about the older', async () => {
    const { token, id, former, pending } = await pendingOver();
    const newer = await users.uploadUnchecked(token);
    await users.choose(token, newer.uploadId);
    expect([await users.itemOf(id, pending.uploadId), await bucket.exists(pending.key)]).toEqual([undefined, false]);
    await showPassedAvatar(avatars, {
      ...((await users.itemOf(id, former.uploadId)) as Upload),
      ...pending,
      state: 'passed',
    });
    const after = await users.account(id);
    expect([after.avatarUrl, after.pendingAvatar?.uploadId]).toEqual([former.url, newer.uploadId]);
  });
});
