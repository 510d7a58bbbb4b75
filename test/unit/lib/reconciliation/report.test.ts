import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startReport } from '../../../../lib/reconciliation/report.ts';
import { openTemporaryFile, readUncompressed } from '../../../../lib/reconciliation/temporary-file.ts';

const HEAD = { date: '2026-11-20', bills: { trade: { rows: 1 } } };

describe('startReport', () => {
  it.each([
    [0, 1],
    [1, 1],
    [5_000, 20],
    [300, 70_000],
  ])(
    'writes %i differences of %i characters as JSON, in order, when they are added concurrently',
    async (count, size) => {
      const file = await openTemporaryFile();
      const report = startReport(file, HEAD);
      const differences = Array.from({ length: count }, (_, i) => ({
        kind: 'amount' as const,
        no: `"${i}"`.padEnd(size),
        ours: i,
      }));
      await Promise.all(differences.map((difference) => report.add(difference)));
      await report.end({ foreign: { payments: count } });
      const written = await text(Readable.from(readUncompressed(file)));
      expect(JSON.parse(written)).toEqual({ ...HEAD, differences, foreign: { payments: count } });
      expect((await file.stat()).size).toBe(Buffer.byteLength(written));
      await file.close();
    },
  );
});
