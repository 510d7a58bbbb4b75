import { settings } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { UploadDeps } from '../uploads/create-upload.ts';
import { fileStore, type FileStore } from '../uploads/file-store.ts';
import { loadAccountLimit } from './limits.ts';
import { loadSessions } from './sessions.ts';

/**
 * Loads the bucket of uploaded files.
 * @throws NOT_CONFIGURED
 */
export async function loadFiles(outside: Runtime = runtime): Promise<{ files: FileStore }> {
  return { files: fileStore(outside, settings('UPLOADS_BUCKET').UPLOADS_BUCKET) };
}

/**
 * Loads the dependencies of uploads.
 * @throws NOT_CONFIGURED
 */
export async function loadUploads(outside: Runtime = runtime): Promise<UploadDeps> {
  const sessions = await loadSessions(outside);
  return { ...sessions, ...(await loadFiles(outside)), limitAccount: await loadAccountLimit('upload', outside) };
}
