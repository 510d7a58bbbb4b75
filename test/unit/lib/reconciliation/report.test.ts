import { describe, expect, it } from 'vitest';
import { startReport } from '../../../../lib/reconciliation/report.ts';
import { contentOf, openScratch } from '../../../../lib/reconciliation/scratch.ts';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';

const HEAD = { date: '2026-11-20', bills: { trade: { rows: 1 } } };

describe('a report', () => {
  it.each([
    [0, 1],
    [1, 1],
    [5_000, 20],
    [300, 70_000],
  ])('of %i differences of %i characters is the JSON of all, in order, whoever adds them', async (count, size) => {
    const file = await openScratch();
    const report = startReport(file, HEAD);
    const differences = Array.from({ length: count }, (_, i) => ({
      kind: 'amount' as const,
      no: `"${i}"`.padEnd(size),
      ours: i,
    }));
    await Promise.all(differences.map((difference) => report.add(difference)));
    await report.end();
    const written = await text(Readable.from(contentOf(file)));
    expect(JSON.parse(written)).toEqual({ ...HEAD, differences });
    expect((await file.stat()).size).toBe(Buffer.byteLength(written));
    await file.close();
  });
});
