import { recordDifference, type Difference } from '../store/bills.ts';
import type { Table } from '../store/table.ts';
import { copyString } from './copy-string.ts';
import type { Report } from './report.ts';

/** Takes down what differs, each difference once: in the table, which tells the world of it, and in the report. */
export interface DifferenceBook {
  note(difference: Difference): Promise<void>;
  count(): number;
}

/** Opens the book of one run over a day (`yyyy-mm-dd`); `seenAt` is ISO 8601. */
export function differenceBook(
  { table }: { table: Table },
  { date, report, seenAt }: { date: string; report: Report; seenAt: string },
): DifferenceBook {
  const noted = new Set<string>();
  return {
    note: async (difference) => {
      // Two bills may tell the same.
      const key = copyString(`${difference.kind}#${difference.no}`);
      if (noted.has(key)) return;
      noted.add(key);
      await recordDifference(table, { ...difference, date, seenAt });
      await report.add(difference);
    },
    count: () => noted.size,
  };
}
