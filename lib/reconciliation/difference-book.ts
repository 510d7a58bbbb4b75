import { recordDifference, type Difference } from '../store/bills.ts';
import type { Table } from '../store/table.ts';
import { NoMap } from './no-map.ts';
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
  const noted = new NoMap();
  return {
    note: async (difference) => {
      // Two bills may tell the same.
      if (!noted.set(`${difference.kind}#${difference.no}`, 0)) return;
      await recordDifference(table, { ...difference, date, seenAt });
      await report.add(difference);
    },
    count: () => noted.size,
  };
}
