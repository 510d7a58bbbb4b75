import { addressSetting } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { RevocationDeps } from '../privacy/apply-revocation.ts';
import { deleteReplaced } from '../uploads/avatar.ts';
import { eraseUploads } from '../uploads/erase-uploads.ts';
import { loadTable, type Stored } from './table.ts';
import { loadFiles } from './files.ts';

/**
 * Loads the dependencies of the deletion of data whose authorisation ended.
 * @throws NOT_CONFIGURED
 */
export async function loadRevocation(outside: Runtime = runtime): Promise<RevocationDeps> {
  const [stored, { files }] = [await loadTable(outside), await loadFiles(outside)];
  const deps = { ...stored, files, publicBaseUrl: addressSetting('PUBLIC_BASE_URL') };
  return {
    ...stored,
    eraseUploads: (account) => eraseUploads(deps, account),
    deleteReplaced: (account) => deleteReplaced(deps, account),
  };
}

/**
 * Loads the dependencies of the export of an account.
 * @throws NOT_CONFIGURED
 */
export async function loadAccountExport(outside: Runtime = runtime): Promise<Stored & { publicBaseUrl: string }> {
  return { ...(await loadTable(outside)), publicBaseUrl: addressSetting('PUBLIC_BASE_URL') };
}
