import { settings } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import { fileStore, type FileStore } from '../uploads/file-store.ts';

/**
 * Loads the bucket of uploaded files.
 * @throws NOT_CONFIGURED
 */
export async function loadFiles(outside: Runtime = runtime): Promise<{ files: FileStore }> {
  return { files: fileStore(outside, settings('UPLOADS_BUCKET').UPLOADS_BUCKET) };
}
