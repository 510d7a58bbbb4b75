import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import type { PayApiName } from './orders.ts';
import { getItem, type Table } from './table.ts';

/** A day (`yyyy-mm-dd` of Beijing) whose bills were compared with our books, whatever came out. */
export interface ReconciledBill {
  date: string;
  api: PayApiName;
  /** In all bills of the day. */
  lines: number;
  differences: number;
  /** Where the report is in its bucket. */
  report: string;
  reconciledAt: string;
}

/** What a bill and the ledger may differ in; see `lib/reconciliation/compare-rows.ts`. */
type DifferenceKind =
  | 'unknown-order'
  | 'unpaid-here'
  | 'amount'
  | 'transaction'
  | 'app'
  | 'missing-in-bill'
  | 'unknown-refund'
  | 'refund-amount'
  | 'refund-status'
  | 'fund-amount'
  | 'fund-unknown';

/** One difference; `no` is the order or the refund, amounts are fen. */
export interface Difference {
  kind: DifferenceKind;
  no: string;
  ours?: string | number | undefined;
  theirs?: string | number | undefined;
}

/** The day's last reconciliation, or undefined. */
export function readReconciled(table: Table, date: string): Promise<ReconciledBill | undefined> {
  return getItem(table, keys.bill(date), 'strong');
}

/** Notes that a day is reconciled, in place of the time before. */
export async function putReconciled({ client, name: TableName }: Table, bill: ReconciledBill): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.bill(bill.date), ...bill } }));
}

/** Records a difference, once: however often the day is reconciled, the first sight stays, and with it its event. */
export async function recordDifference(
  { client, name: TableName }: Table,
  { date, seenAt, ...difference }: Difference & { date: string; seenAt: string },
): Promise<void> {
  const Item = { ...keys.billDifference(date, difference.kind, difference.no), date, ...difference, seenAt };
  const put = new PutCommand({ TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' });
  await attempt(() => client.send(put));
}
