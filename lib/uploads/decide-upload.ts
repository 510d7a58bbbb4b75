import { readUpload, setUploadState, type Upload } from '../store/uploads.ts';
import { dropRefusedPicture, showPassedAvatar, type AvatarDeps } from './avatar.ts';

/**
 * Applies the decision of a content check to an uploaded picture, and to the avatar that waits for it. An earlier final
 * decision remains. Can be repeated.
 */
export async function decideUpload(
  deps: AvatarDeps,
  key: Pick<Upload, 'accountId' | 'uploadId'>,
  decision: Exclude<Upload['state'], 'checking'>,
): Promise<void> {
  const upload =
    (await setUploadState(deps.table, key, decision)) ??
    (await readUpload(deps.table, key, { nowMs: deps.now(), consistency: 'strong' }));
  if (upload?.state !== decision) return;
  if (decision === 'passed') await showPassedAvatar(deps, upload);
  if (decision === 'refused') await dropRefusedPicture(deps, upload);
}
