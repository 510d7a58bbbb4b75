import { recordDifference, type Difference } from '../store/bills.ts';
import type { Table } from '../store/table.ts';
import { copyString } from './copy-string.ts';
import type { Report } from './report.ts';

/** Records each difference of one run once. */
export interface DifferenceRecorder {
  /** Writes a difference to the report and to the table. The stream of the table publishes the difference. */
  record(difference: Difference): Promise<void>;
  count(): number;
}

/** Creates the recorder for the reconciliation of a day (`yyyy-mm-dd`). `seenAt` is ISO 8601. */
export function createDifferenceRecorder(
  { table }: { table: Table },
  { date, report, seenAt }: { date: string; report: Report; seenAt: string },
): DifferenceRecorder {
  const recorded = new Set<string>();
  return {
    record: async (difference) => {
      // Both bills can contain the same difference.
      const key = copyString(`${difference.kind}#${difference.no}`);
      if (recorded.has(key)) return;
      recorded.add(key);
      await recordDifference(table, { ...difference, date, seenAt });
      await report.add(difference);
    },
    count: () => recorded.size,
  };
}
