import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uncompressed } from '../core/chunks.ts';

/** An empty file that has no name any more: it is gone when it is closed, and also when the process is killed. */
export async function openScratch(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'pay-bills-'));
  try {
    return await open(join(folder, 'scratch'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const READ_BYTES = 64 * 1024;

/** All of a scratch file from its beginning, as often as it is wanted. A stream would close it when it is left early. */
export async function* readScratch(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** What is inside a scratch file, which may be compressed. */
export function contentOf(file: FileHandle): AsyncGenerator<Buffer> {
  return uncompressed(readScratch(file));
}
