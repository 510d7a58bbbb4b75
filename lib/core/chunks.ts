import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

/**
 * Reads ahead at least `size` bytes, or the whole source if it is shorter.
 * @returns `head`, the bytes read ahead, and `all`, the source from its first byte; the caller must iterate `all`
 */
export async function peek(
  chunks: AsyncIterable<Buffer>,
  size: number,
): Promise<{ head: Buffer; all: AsyncGenerator<Buffer> }> {
  const source = chunks[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < size) {
    const next = await source.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    try {
      yield head;
      yield* { [Symbol.asyncIterator]: () => source };
    } finally {
      await source.return?.();
    }
  }
  return { head, all: all() };
}

/**
 * Returns the first chunks, joined, up to the chunk that reaches `maxBytes`. The result may be longer than `maxBytes`.
 * Later chunks are not read.
 */
export async function firstBytes(chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const read: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    read.push(chunk);
    size += chunk.length;
    if (size >= maxBytes) break;
  }
  return Buffer.concat(read);
}

const GZIP = Buffer.from([0x1f, 0x8b]);
const OUTPUT_BYTES = 64 * 1024;

/** Decompresses gzip data. Any other data passes through unchanged. */
export async function* uncompressed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { head, all } = await peek(chunks, GZIP.length);
  if (!head.subarray(0, GZIP.length).equals(GZIP)) return yield* all;
  // The consumer of the returned stream receives every error, so the callback ignores errors.
  yield* pipeline(all, createGunzip({ chunkSize: OUTPUT_BYTES }), () => undefined);
}
