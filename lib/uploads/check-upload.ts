import { checkPicture } from '../content-check/check-picture.ts';
import type { CheckDeps } from '../content-check/new-check.ts';
import type { Account } from '../store/accounts.ts';
import type { Upload } from '../store/uploads.ts';
import { refusedPicture, uploadUrl, type CheckPicture } from './create-upload.ts';

/**
 * Requests the check of an uploaded picture. A picture whose user has no openid in the mini-program is accepted.
 * @throws CONTENT_REFUSED when the push with the verdict arrived already
 */
export async function checkUpload(
  deps: CheckDeps & { publicBaseUrl: string },
  upload: Upload,
  author: Account,
): ReturnType<CheckPicture> {
  const { uploadId } = upload;
  const url = uploadUrl(deps.publicBaseUrl, upload);
  const result = await checkPicture(deps, { author, scene: 'profile', kind: 'upload', uploadId, url });
  if (result === 'refused') throw refusedPicture();
  return result === 'checking' || result === 'review' ? 'checking' : 'passed';
}
