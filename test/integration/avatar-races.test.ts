// Concurrent choices of an avatar, and crashes between two steps of a choice.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { showPassedAvatar, type AvatarDeps } from '../../lib/uploads/avatar.ts';
import { loadFiles } from '../../lib/wiring/files.ts';
import { crashesAfter, interceptCommands } from '../support/crashes.ts';
import { expectOnly } from '../support/shown-avatar.ts';
import { startUploadWorld, type UploadWorld } from '../support/uploaders.ts';

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

describe('a choice of an avatar', () => {
  it('keeps the choice that the user makes while an older picture passes', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { token, id } = await users.logIn();
      const [former, pending] = [await users.upload(token), await users.uploadUnchecked(token)];
      await users.choose(token, former.uploadId);
      await users.choose(token, pending.uploadId);
      const chosen = await users.upload(token);
      const passed = await users.judge(id, pending.uploadId, 'passed');
      await Promise.all([showPassedAvatar(avatars, passed), users.choose(token, chosen.uploadId)]);
      await expectOnly({ world, bucket }, id, chosen);
      expect(await users.account(id)).not.toHaveProperty('pendingAvatar');
      expect([await bucket.exists(pending.key), await bucket.exists(former.key)]).toEqual([false, false]);
    }
  });

  it('shows a picture at once whose verdict arrives while the user chooses it', async () => {
    const { token, id } = await users.logIn();
    const chosen = await users.uploadUnchecked(token);
    const end = interceptCommands(world.table, async ({ name }, send) => {
      if (name === 'TransactWrite') {
        end();
        await users.judge(id, chosen.uploadId, 'passed');
      }
      return send();
    });
    expect(await users.choose(token, chosen.uploadId)).toMatchObject({ avatarUrl: chosen.url });
    await expectOnly({ world, bucket }, id, chosen);
  });

  it('keeps a choice that the user makes between the read and the write of a verdict', async () => {
    const { token, id } = await users.logIn();
    const [pending, chosen] = [await users.uploadUnchecked(token), await users.upload(token)];
    await users.choose(token, pending.uploadId);
    const end = interceptCommands(world.table, async ({ name }, send) => {
      if (name === 'Update') {
        end();
        await users.choose(token, chosen.uploadId);
      }
      return send();
    });
    await showPassedAvatar(avatars, { ...(await users.itemOf(id, pending.uploadId))!, state: 'passed' });
    await expectOnly({ world, bucket }, id, chosen);
  });

  it('rejects a choice whose picture was chosen and replaced meanwhile', async () => {
    const { token, id } = await users.logIn();
    const [former, chosen] = [await users.upload(token), await users.upload(token)];
    const end = interceptCommands(world.table, async ({ name }, send) => {
      if (name !== 'TransactWrite') return send();
      end();
      await users.choose(token, former.uploadId);
      // The file is deleted, but not its item.
      await crashesAfter(world.table, 2, () => users.choose(token, chosen.uploadId));
      return send();
    });
    await expect(users.choose(token, former.uploadId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await users.account(id)).avatarUrl).toBe(chosen.url);
  });

  it('shows a stored picture after two choices at once, and deletes the other', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { token, id } = await users.logIn();
      const pictures = [await users.upload(token), await users.upload(token)];
      await Promise.all(pictures.map(({ uploadId }) => users.choose(token, uploadId)));
      const { avatarUrl } = await users.account(id);
      await expectOnly(
        { world, bucket },
        id,
        pictures.find(({ url }) => url === avatarUrl)!,
      );
    }
  });

  it('never shows a deleted picture after a choice of it during its replacement', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { token, id } = await users.logIn();
      const [former, chosen] = [await users.upload(token), await users.upload(token)];
      await users.choose(token, former.uploadId);
      await Promise.allSettled([users.choose(token, chosen.uploadId), users.choose(token, former.uploadId)]);
      await expectOnly({ world, bucket }, id, chosen);
    }
  });

  it.each([0, 1, 2])('completes a repeated choice after a crash behind write %i', async (writes) => {
    const { token, id } = await users.logIn();
    const [former, chosen] = [await users.upload(token), await users.upload(token)];
    await users.choose(token, former.uploadId);
    const crashed = await crashesAfter(world.table, writes, () => users.choose(token, chosen.uploadId));
    // The last write deletes the replaced item, and its failure is only logged.
    expect(crashed).toBe(writes < 2);
    const { avatarUrl } = await users.account(id);
    expect(await bucket.exists(avatarUrl!.split('/').at(-1)!)).toBe(true);
    await users.choose(token, chosen.uploadId);
    await expectOnly({ world, bucket }, id, chosen);
  });

  it('completes a repeated choice after the bucket failed', async () => {
    const { token, id } = await users.logIn();
    const [former, chosen] = [await users.upload(token), await users.upload(token)];
    await users.choose(token, former.uploadId);
    bucket.failNext(403);
    await expect(users.choose(token, chosen.uploadId)).rejects.toThrow('The bucket of uploads returned 403');
    expect((await users.account(id)).avatarUrl).toBe(former.url);
    await users.choose(token, chosen.uploadId);
    await expectOnly({ world, bucket }, id, chosen);
  });
});
