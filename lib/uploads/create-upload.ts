import { createHash } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import { randomId } from '../core/ids.ts';
import type { Runtime } from '../core/runtime.ts';
import { authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import type { LimitAccount } from '../rate-limit/rate-limit.ts';
import type { Account } from '../store/accounts.ts';
import { putUpload, readAllUploads, setUploadState, type Upload } from '../store/uploads.ts';
import type { FileStore } from './file-store.ts';
import { EXTENSIONS, pictureType, type PictureType } from './picture-type.ts';

export type UploadDeps = AuthDeps &
  Pick<Runtime, 'randomBytes'> & {
    files: Pick<FileStore, 'put'>;
    limitAccount: LimitAccount;
    publicBaseUrl: string;
    /** Requests the check of a picture that is stored as `checking`. Absent: no picture is checked. */
    checkPicture?: CheckPicture | undefined;
  };

/** @returns `passed` if the picture is accepted without a check */
export type CheckPicture = (upload: Upload, account: Account) => Promise<'checking' | 'passed'>;

/** Time after which an unused upload ends (seconds). The bucket deletes its file at the end of that day. */
const UNUSED_LIFE_S = 24 * 3_600;
/** Unused uploads of one account at the same time: a page for pictures needs nine. */
const MAX_UNUSED = 50;
const UPLOAD_ID_LENGTH = 32;

/**
 * Stores a picture of the user. An unused picture ends after a day. The file is stored before its item: a crash between
 * the two leaves an unused file, which the bucket deletes.
 * @param readFile reads the file of the request, after the session is verified
 * @throws UNAUTHENTICATED; PARAM_ERROR for a file that is no JPEG, PNG or GIF; CONTENT_REFUSED for a picture that was
 * refused before; RATE_LIMITED; the errors of `readFile`
 */
export async function createUpload(
  deps: UploadDeps,
  { token, readFile }: { token: string; readFile(): Promise<Buffer> },
): Promise<{ uploadId: string; url: string; status: 'checking' | 'passed' }> {
  const { table, files, publicBaseUrl, checkPicture } = deps;
  const { account } = await authenticateAccount(deps, token, { accountConsistency: 'eventual-with-fallback' });
  await deps.limitAccount(account.id);
  const file = await readFile();
  const upload = newUpload(deps, account, { file, type: typeOf(file), state: checkPicture ? 'checking' : 'passed' });
  await assertAccepted(deps, account, upload);
  await files.put(upload.key, file, upload.type);
  await putUpload(table, upload);
  const status = checkPicture ? await checkPicture(upload, account) : 'passed';
  if (status !== upload.state) await setUploadState(table, upload, 'passed');
  return { uploadId: upload.uploadId, url: uploadUrl(publicBaseUrl, upload), status };
}

/** Returns the address of an uploaded file. */
export function uploadUrl(publicBaseUrl: string, { key }: Pick<Upload, 'key'>): string {
  return `${publicBaseUrl}/uploads/${key}`;
}

/** Returns the error for a picture that WeChat or an operator refused. */
export function refusedPicture(): AppError {
  return new AppError('CONTENT_REFUSED', 'This picture was refused; choose another picture');
}

function typeOf(file: Buffer): PictureType {
  const type = pictureType(file);
  if (type !== undefined) return type;
  const found = file.length === 0 ? 'is empty; choose a picture' : 'is no JPEG, PNG or GIF';
  throw new AppError('PARAM_ERROR', `The file ${found}`, { detail: { field: 'body' } });
}

function newUpload(
  { randomBytes, now }: UploadDeps,
  { id: accountId }: Account,
  { file, type, state }: { file: Buffer; type: PictureType; state: Upload['state'] },
): Upload {
  const uploadId = randomId(randomBytes, UPLOAD_ID_LENGTH);
  const nowMs = now();
  return {
    accountId,
    uploadId,
    key: `${uploadId}.${EXTENSIONS[type]}`,
    type,
    bytes: file.length,
    sha256: createHash('sha256').update(file).digest('base64url'),
    state,
    createdAt: new Date(nowMs).toISOString(),
    expiresAt: Math.floor(nowMs / 1_000) + UNUSED_LIFE_S,
  };
}

/**
 * Rejects a picture that was refused before, and a picture of an account with too many unused pictures.
 * @throws CONTENT_REFUSED, RATE_LIMITED
 */
async function assertAccepted({ table, now }: UploadDeps, account: Account, { sha256 }: Upload): Promise<void> {
  const stored = await readAllUploads(table, account);
  if (stored.some((upload) => upload.state === 'refused' && upload.sha256 === sha256)) {
    throw refusedPicture();
  }
  const nowS = now() / 1_000;
  // A crash before the use leaves a picture without an end.
  const ends = stored
    .filter(({ state, usedAt }) => state !== 'refused' && usedAt === undefined)
    .map(({ expiresAt = nowS + UNUSED_LIFE_S }) => expiresAt)
    .filter((end) => end > nowS);
  if (ends.length < MAX_UNUSED) return;
  throw new AppError('RATE_LIMITED', 'Too many unused pictures; use one, or retry later', {
    retryAfterSeconds: Math.ceil(Math.min(...ends) - nowS),
  });
}
