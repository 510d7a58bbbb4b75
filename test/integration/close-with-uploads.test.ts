import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { keys as tableKeys } from '../../lib/store/keys.ts';
import { getItem } from '../../lib/store/table.ts';
import { readUploads } from '../../lib/store/uploads.ts';
import { interceptCommands } from '../support/crashes.ts';
import { startUploadWorld, type UploadWorld } from '../support/uploaders.ts';

describe('closeAccount of a user with uploads', () => {
  let bucket: UploadWorld['bucket'];
  let world: UploadWorld['world'];
  let users: UploadWorld['users'];
  let stop: UploadWorld['stop'];
  beforeAll(async () => {
    ({ bucket, world, users, stop } = await startUploadWorld());
  });
  afterAll(() => stop());

  /** Creates a user with an avatar, a pending avatar, an unused file and a refused file. */
  const withUploads = async () => {
    const { token, id } = await users.logIn();
    const [avatar, unused] = [await users.upload(token), await users.upload(token)];
    const [pending, refused] = [await users.uploadUnchecked(token), await users.uploadUnchecked(token)];
    await users.choose(token, avatar.uploadId);
    await users.choose(token, pending.uploadId);
    await users.judge(id, refused.uploadId, 'refused');
    return { token, id, keys: [avatar, unused, pending, refused].map(({ key }) => key) };
  };
  const stored = async (keys: string[]) => (await bucket.keys()).filter((key) => keys.includes(key));

  it('deletes all files and their items, and no file of another user', async () => {
    const [leaving, staying] = [await withUploads(), await withUploads()];
    expect(await stored(leaving.keys)).toHaveLength(4);
    await closeAccount(world.closing, leaving.token);
    expect([await stored(leaving.keys), await readUploads(world.table, leaving.id)]).toEqual([[], []]);
    expect(await stored(staying.keys)).toHaveLength(4);
    const closed = await getItem(world.table, tableKeys.account(leaving.id), 'strong');
    expect(closed).toHaveProperty('closedAt');
    for (const personal of ['avatarUrl', 'pendingAvatar']) expect(closed).not.toHaveProperty(personal);
  });

  it('closes nothing while the bucket fails, and completes when it is repeated', async () => {
    const { token, id, keys } = await withUploads();
    bucket.failNext(403);
    await expect(closeAccount(world.closing, token)).rejects.toThrow('The bucket of uploads returned 403');
    expect(await readAccount(world.table, id, 'strong')).toMatchObject({ id });
    await closeAccount(world.closing, token);
    expect([await stored(keys), await readUploads(world.table, id)]).toEqual([[], []]);
  });

  it.each([
    ['deletes a file that arrives during the close', 200, []],
    ['logs that a file that arrives during the close could not be deleted', 403, ['late']],
  ])('%s', async (_, status, left) => {
    const { token, id } = await users.logIn();
    let late = '';
    const end = interceptCommands(world.table, async ({ name }, send) => {
      if (name !== 'TransactWrite') return send();
      end();
      ({ key: late } = await users.upload(token));
      if (status !== 200) bucket.failNext(status);
      return send();
    });
    await closeAccount(world.closing, token);
    expect(await stored([late])).toHaveLength(left.length);
    expect(await readAccount(world.table, id, 'strong')).toBeUndefined();
    expect(world.lines.filter((line) => line.includes('uploads.erase-failed'))).toHaveLength(left.length);
  });
});
