import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import type { PayApiName } from './orders.ts';
import { getItem, type Table } from './table.ts';

/** The last reconciliation of a day (`yyyy-mm-dd` in Beijing), with or without differences. */
export interface ReconciledBill {
  date: string;
  /** The protocol of the merchant number; `virtual` in a shop with virtual payment only. */
  api: PayApiName;
  /** Lines of all bills of the day, without the totals of virtual payment. */
  lines: number;
  /** Lines of other systems and stages of the merchant, which are only counted. */
  foreign: number;
  differences: number;
  /** Key of the report in its bucket. */
  report: string;
  reconciledAt: string;
}

/**
 * Kinds of differences between a bill and the ledger. See compare-rows.ts, compare-bills.ts and compare-virtual-bill.ts
 * in `lib/reconciliation`.
 */
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
  | 'fund-unknown'
  | 'virtual-count'
  | 'virtual-amount';

/**
 * One difference. `no` is the number of the order or the refund, or the offer id of virtual payment, whose bill has totals
 * only. Amounts are fen.
 */
export interface Difference {
  kind: DifferenceKind;
  no: string;
  ours?: string | number | undefined;
  theirs?: string | number | undefined;
}

/** Reads the last reconciliation of a day, or undefined. */
export function readReconciled(table: Table, date: string): Promise<ReconciledBill | undefined> {
  return getItem(table, keys.bill(date), 'strong');
}

/** Stores the reconciliation of a day in place of an earlier reconciliation. */
export async function putReconciled({ client, name: TableName }: Table, bill: ReconciledBill): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.bill(bill.date), ...bill } }));
}

/** Records a difference once. A repeated reconciliation keeps the first record, so no second event is published. */
export async function recordDifference(
  { client, name: TableName }: Table,
  { date, seenAt, ...difference }: Difference & { date: string; seenAt: string },
): Promise<void> {
  const Item = { ...keys.billDifference(date, difference.kind, difference.no), date, ...difference, seenAt };
  const put = new PutCommand({ TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' });
  await attempt(() => client.send(put));
}
