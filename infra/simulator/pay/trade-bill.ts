import { oldTradeBill, tradeBill } from './bill-csv.ts';
import type { BillType } from './bill-row.ts';
import { foreignRows, rowsOfDay } from './bills.ts';
import type { PayWorld } from './world.ts';

/** Renders the trade bill of a day, with the planned variants. @throws PayError when the day has no bill (yet) */
export function tradeBillOf({ bills, faults, settings }: PayWorld, day: number, type: BillType): string {
  const known = bills.rowsUntil(day);
  const rows = faults.takeVariant('bill', 'foreign-lines') ? [...known, ...foreignRows(day)] : known;
  const today = rowsOfDay(rows, day, type);
  if (type === 'ALL' && faults.takeVariant('bill', 'old-format')) return oldTradeBill(today, settings.mchId);
  return tradeBill(today, type, settings.mchId);
}
