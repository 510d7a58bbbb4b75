import { expect } from 'vitest';
import { readAccount } from '../../lib/store/accounts.ts';
import { readUploads } from '../../lib/store/uploads.ts';
import type { Bucket } from './bucket.ts';
import type { Uploaded } from './uploaders.ts';
import type { World } from './world.ts';

/** Checks that the account shows an existing file that is kept, and has no other upload. */
export async function expectOnly(
  { world, bucket }: { world: World; bucket: Bucket },
  id: string,
  { key, url }: Uploaded,
): Promise<void> {
  const items = await readUploads(world.table, id);
  const { avatarUrl } = (await readAccount(world.table, id, 'strong'))!;
  expect({ shown: avatarUrl, items: items.map((item) => item.key) }).toEqual({ shown: url, items: [key] });
  expect(items[0]).not.toHaveProperty('expiresAt');
  expect([await bucket.exists(key), await bucket.isTagged(key)]).toEqual([true, false]);
}
