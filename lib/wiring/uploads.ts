import { runtime, type Runtime } from '../core/runtime.ts';
import { checkUpload } from '../uploads/check-upload.ts';
import type { UploadDeps } from '../uploads/create-upload.ts';
import { loadContentCheck } from './content-check.ts';
import { loadFiles } from './files.ts';
import { loadAccountLimit } from './limits.ts';
import { loadSessions } from './sessions.ts';

/**
 * Loads the dependencies of uploads.
 * @throws NOT_CONFIGURED
 */
export async function loadUploads(outside: Runtime = runtime): Promise<UploadDeps> {
  const [sessions, check, limitAccount] = await Promise.all([
    loadSessions(outside),
    loadContentCheck(outside),
    loadAccountLimit('upload', outside),
  ]);
  const { publicBaseUrl } = sessions;
  return {
    ...sessions,
    ...(await loadFiles(outside)),
    limitAccount,
    checkPicture: check && ((upload, account) => checkUpload({ ...check, publicBaseUrl }, upload, account)),
  };
}
