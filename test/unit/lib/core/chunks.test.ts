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

describe('a look at the beginning', () => {
  it('takes nothing away', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), piece, fc.nat(120), async (bytes, size, wanted) => {
        const { head, all } = await peek(inPieces(bytes, size), wanted);
        expect(head.length).toBeGreaterThanOrEqual(Math.min(wanted, bytes.length));
        expect(await buffer(all)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('closes the source when no more is wanted', async () => {
    let closed = 0;
    const { all } = await peek(
      inPieces(Buffer.alloc(100), 10, () => (closed += 1)),
      5,
    );
    for await (const _ of all) break;
    expect(closed).toBe(1);
  });
});

describe('the first bytes', () => {
  it('are all that is read', async () => {
    let closed = 0;
    const head = await firstBytes(
      inPieces(Buffer.alloc(100), 10, () => (closed += 1)),
      15,
    );
    expect({ read: head.length, closed }).toEqual({ read: 20, closed: 1 });
    expect(await firstBytes(inPieces(Buffer.alloc(30), 10), 1_000)).toHaveLength(30);
  });
});

describe('what is inside', () => {
  it('comes out, compressed or not, however it comes in', async () => {
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
  ])('of a file that is %s is an error', async (_, file) => {
    await expect(buffer(uncompressed(inPieces(file, 10)))).rejects.toMatchObject({ code: /^Z_/ });
  });

  it('fails as its source fails', async () => {
    async function* torn() {
      yield gzipSync('a'.repeat(1_000)).subarray(0, 15);
      throw new Error('torn');
    }
    await expect(buffer(uncompressed(torn()))).rejects.toThrow('torn');
  });

  it('closes the source when no more is wanted', async () => {
    const closed = Promise.withResolvers<void>();
    const random = gzipSync(Buffer.from(Array.from({ length: 500_000 }, (_, i) => (i * 7919) % 251)));
    for await (const _ of uncompressed(inPieces(random, 100, closed.resolve))) break;
    await closed.promise;
    expect(random.length).toBeGreaterThan(100);
  });
});
