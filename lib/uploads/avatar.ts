import { AppError } from '../core/errors.ts';
import { retryOnConflict, VERSION_CONFLICT } from '../core/optimistic-locking.ts';
import type { Runtime } from '../core/runtime.ts';
import { accountGone } from '../identity/authenticate.ts';
import { allIdsOf, readAccount, setProfile, type Account } from '../store/accounts.ts';
import { dropPendingAvatar, setAvatar, showPendingAvatar } from '../store/avatars.ts';
import type { Table } from '../store/table.ts';
import { deleteUpload, endUpload, keepUpload, readAllUploads, readUpload, type Upload } from '../store/uploads.ts';
import { refusedPicture, uploadUrl } from './create-upload.ts';
import type { FileStore } from './file-store.ts';

export type AvatarDeps = Pick<Runtime, 'now' | 'sleep' | 'log'> & {
  table: Table;
  files: Pick<FileStore, 'keep' | 'delete'>;
  publicBaseUrl: string;
};

const UPLOAD_ID = /^[0-9a-z]{32}$/;
/** Time for which the hash of a refused picture is stored (seconds). */
const REFUSED_LIFE_S = 90 * 24 * 3_600;

/**
 * Makes an upload of the user the avatar. An upload that is not checked yet becomes the pending avatar, and the former
 * avatar stays visible until the verdict. Sets the nickname with it, if given. Can be repeated.
 *
 * The item is kept first, then its file, then the account changes. A crash between two steps leaves an upload that
 * nothing shows: a repeated request uses it, and the close of the account deletes it. A crash after the last step leaves
 * the replaced file, which the next change of the avatar deletes.
 * @throws NOT_FOUND for an upload that does not exist, has expired, belongs to another user, or was an avatar before;
 * CONTENT_REFUSED; UNAUTHENTICATED for a closed account; RATE_LIMITED
 */
export async function chooseAvatar(
  deps: AvatarDeps,
  authenticated: Account,
  { uploadId, nickname }: { uploadId: string; nickname?: string | undefined },
): Promise<Account> {
  const { table, publicBaseUrl } = deps;
  await retryOnConflict(deps, async (attempt) => {
    const account = attempt === 1 ? authenticated : await readAccount(table, authenticated.id, 'strong');
    if (!account) throw accountGone();
    const upload = await findUpload(deps, account, uploadId);
    if (upload.usedAt !== undefined) {
      if (!isShownBy(account, upload)) throw noUpload();
      return nickname === undefined || (await setProfile(table, account.id, { nickname })) ? true : VERSION_CONFLICT;
    }
    await keep(deps, upload);
    const [url, at] = [uploadUrl(publicBaseUrl, upload), new Date(deps.now()).toISOString()];
    return (await setAvatar(table, account.id, { upload, url, nickname, at })) || VERSION_CONFLICT;
  });
  return deleteReplaced(deps, authenticated);
}

/**
 * Shows a picture that passed its check, if it still is the pending avatar. Can be repeated.
 * @param upload in the state `passed`
 */
export async function showPassedAvatar(deps: AvatarDeps, upload: Upload): Promise<void> {
  const account = await readAccount(deps.table, upload.accountId, 'strong');
  if (account?.pendingAvatar?.uploadId !== upload.uploadId) return;
  if (await showPendingAvatar(deps.table, account.id, account.pendingAvatar)) await deleteReplaced(deps, account);
}

/**
 * Deletes the file of a refused picture, and the pending avatar if it is this picture. The item remains for 90 days, so
 * that the same picture is refused again. Can be repeated.
 * @param upload in the state `refused`
 */
export async function dropRefusedPicture(deps: AvatarDeps, upload: Upload): Promise<void> {
  const account = await readAccount(deps.table, upload.accountId, 'strong');
  if (account) await dropPendingAvatar(deps.table, account.id, upload.uploadId);
  await deps.files.delete(upload.key);
  await endUpload(deps.table, upload, Math.floor(deps.now() / 1_000) + REFUSED_LIFE_S);
}

/**
 * Deletes the files and the items of former avatars. The account is read after its uploads: an upload that was an avatar
 * then and is not one now can never become one again. A failure is only logged, because the avatar has changed and the
 * next change deletes the rest.
 * @returns the account as it is now
 * @throws UNAUTHENTICATED for a closed account
 */
export async function deleteReplaced(deps: AvatarDeps, { id, formerIds }: Account): Promise<Account> {
  const uploads = await readAllUploads(deps.table, { id, formerIds });
  const account = await readAccount(deps.table, id, 'strong');
  if (!account) throw accountGone();
  const replaced = uploads.filter((upload) => wasAvatar(upload) && !isShownBy(account, upload));
  try {
    for (const upload of replaced) {
      await deps.files.delete(upload.key);
      await deleteUpload(deps.table, upload);
    }
  } catch (error) {
    deps.log.warn('avatar.cleanup-failed', { accountId: id, error });
  }
  return account;
}

/** A refused picture has no file, and its item stores its hash. */
function wasAvatar({ usedAt, state }: Upload): boolean {
  return usedAt !== undefined && state !== 'refused';
}

/** Whether an upload is the avatar or the pending avatar of an account. */
function isShownBy({ avatarUrl, pendingAvatar }: Account, { key, uploadId }: Upload): boolean {
  return pendingAvatar?.uploadId === uploadId || (avatarUrl?.endsWith(`/uploads/${key}`) ?? false);
}

/** @throws NOT_FOUND, CONTENT_REFUSED */
async function findUpload({ table, now }: AvatarDeps, account: Account, uploadId: string): Promise<Upload> {
  // A text that is no id may be no key of the table either.
  if (!UPLOAD_ID.test(uploadId)) throw noUpload();
  const options = { nowMs: now(), consistency: 'strong' } as const;
  const read = allIdsOf(account).map((accountId) => readUpload(table, { accountId, uploadId }, options));
  const upload = (await Promise.all(read)).find((found) => found !== undefined);
  if (!upload) throw noUpload();
  if (upload.state === 'refused') throw refusedPicture();
  return upload;
}

/** @throws NOT_FOUND */
async function keep({ table, files, now }: AvatarDeps, upload: Upload): Promise<void> {
  if (!(await keepUpload(table, upload, now()))) throw noUpload();
  if (await files.keep(upload.key)) return;
  await deleteUpload(table, upload);
  throw noUpload();
}

function noUpload(): AppError {
  return new AppError(
    'NOT_FOUND',
    'This upload does not exist, has expired or was replaced; upload the picture again',
    { detail: { field: 'body.avatarUploadId' } },
  );
}
