import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** At least the first `size` bytes, if there are so many, and then all of them from the beginning: `all` must be read. */
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

/** What comes until there are `maxBytes`; whatever follows is not read. */
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

/** What is inside, if it is compressed by gzip; otherwise what is there. */
export async function* uncompressed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { head, all } = await peek(chunks, GZIP.length);
  if (!head.subarray(0, GZIP.length).equals(GZIP)) return yield* all;
  // Whatever goes wrong before or in it, gunzip throws to its reader.
  yield* pipeline(all, createGunzip({ chunkSize: OUTPUT_BYTES }), () => undefined);
}
