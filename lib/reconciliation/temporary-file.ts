import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uncompressed } from '../core/chunks.ts';

/** Opens an empty file without a name. The system removes the file when it is closed or the process ends. */
export async function openTemporaryFile(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'pay-bills-'));
  try {
    return await open(join(folder, 'file'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const READ_BYTES = 64 * 1024;

/**
 * Reads a file from its beginning, any number of times. A read stream is not used, because it would close the file when
 * its reader stops early.
 */
export async function* readFromStart(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Reads the content of a file, which may be compressed by gzip. */
export function readUncompressed(file: FileHandle): AsyncGenerator<Buffer> {
  return uncompressed(readFromStart(file));
}
