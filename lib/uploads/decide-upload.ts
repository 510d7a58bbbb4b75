import { readUpload, setUploadState, type Upload } from '../store/uploads.ts';
import { dropRefusedPicture, showPassedAvatar, type AvatarDeps } from './avatar.ts';

const STATES = { passed: 'passed', refused: 'refused', held: 'review' } as const;

/**
 * Applies the decision of a content check to an uploaded picture, and to the avatar that waits for it. An earlier final
 * decision remains. Can be repeated.
 */
export async function decideUpload(
  deps: AvatarDeps,
  key: Pick<Upload, 'accountId' | 'uploadId'>,
  decision: keyof typeof STATES,
): Promise<void> {
  const state = STATES[decision];
  const upload =
    (await setUploadState(deps.table, key, state)) ??
    (await readUpload(deps.table, key, { nowMs: deps.now(), consistency: 'strong' }));
  if (upload?.state !== state) return;
  if (state === 'passed') await showPassedAvatar(deps, upload);
  if (state === 'refused') await dropRefusedPicture(deps, upload);
}
