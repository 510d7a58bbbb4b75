import { gzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstBytes, peek, uncompressed } from '../../../../lib/core/chunks.ts';

async function* inPieces(bytes: Uint8Array, size: number, onClose = () => {}): AsyncGenerator<Buffer> {
  try {
    for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size));
  } finally {
    onClose();
  }
}
const piece = fc.integer({ min: 1, max: 50 });

describe('peek', () => {
  it('returns the first bytes and leaves the stream complete', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), piece, fc.nat(120), async (bytes, size, minLength) => {
        const { head, all } = await peek(inPieces(bytes, size), minLength);
        expect(head.length).toBeGreaterThanOrEqual(Math.min(minLength, bytes.length));
        expect(await buffer(all)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('closes the source when its reader stops', async () => {
    let closed = 0;
    const { all } = await peek(
      inPieces(Buffer.alloc(100), 10, () => (closed += 1)),
      5,
    );
    for await (const _ of all) break;
    expect(closed).toBe(1);
  });
});

describe('firstBytes', () => {
  it('reads no further chunk and closes the source', async () => {
    let closed = 0;
    const head = await firstBytes(
      inPieces(Buffer.alloc(100), 10, () => (closed += 1)),
      15,
    );
    expect({ read: head.length, closed }).toEqual({ read: 20, closed: 1 });
    expect(await firstBytes(inPieces(Buffer.alloc(30), 10), 1_000)).toHaveLength(30);
  });
});

describe('uncompressed', () => {
  it('returns the content of compressed and plain files for any chunk size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), piece, fc.boolean(), async (bytes, size, compress) => {
        fc.pre(compress || bytes[0] !== 0x1f);
        const file = compress ? gzipSync(bytes) : bytes;
        expect(await buffer(uncompressed(inPieces(file, size)))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each([
    ['cut', gzipSync('a'.repeat(1_000)).subarray(0, 25)],
    ['damaged', gzipSync('a'.repeat(1_000)).fill(7, 12, 20)],
  ])('throws for a gzip file that is %s', async (_, file) => {
    await expect(buffer(uncompressed(inPieces(file, 10)))).rejects.toMatchObject({ code: /^Z_/ });
  });

  it('throws the error of its source', async () => {
    async function* torn() {
      yield gzipSync('a'.repeat(1_000)).subarray(0, 15);
      throw new Error('torn');
    }
    await expect(buffer(uncompressed(torn()))).rejects.toThrow('torn');
  });

  it('closes the source when its reader stops', async () => {
    const closed = Promise.withResolvers<void>();
    const random = gzipSync(Buffer.from(Array.from({ length: 500_000 }, (_, i) => (i * 7919) % 251)));
    for await (const _ of uncompressed(inPieces(random, 100, closed.resolve))) break;
    await closed.promise;
    expect(random.length).toBeGreaterThan(100);
  });
});
