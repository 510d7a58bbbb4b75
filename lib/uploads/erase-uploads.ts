import { concurrently } from '../core/concurrently.ts';
import { allIdsOf, type Account } from '../store/accounts.ts';
import type { Table } from '../store/table.ts';
import { deleteUpload, readUploads } from '../store/uploads.ts';
import type { FileStore } from './file-store.ts';

const FILES_AT_ONCE = 16;

/**
 * Deletes all uploaded files of an account, and their items. Each item goes after its file, so that a repeated call
 * finds the rest.
 */
export async function eraseUploads(
  { table, files }: { table: Table; files: Pick<FileStore, 'delete'> },
  account: Account,
): Promise<void> {
  for (const id of allIdsOf(account)) {
    await concurrently(await readUploads(table, id), FILES_AT_ONCE, async (upload) => {
      await files.delete(upload.key);
      await deleteUpload(table, upload);
    });
  }
}
