import { concurrently } from '../core/concurrently.ts';
import type { Account } from '../store/accounts.ts';
import type { Table } from '../store/table.ts';
import { deleteUpload, readAllUploads } from '../store/uploads.ts';
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
  await concurrently(await readAllUploads(table, account), FILES_AT_ONCE, async (upload) => {
    await files.delete(upload.key);
    await deleteUpload(table, upload);
  });
}
