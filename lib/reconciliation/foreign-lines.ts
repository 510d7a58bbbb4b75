import { LEDGER_BATCH, readLedger, type Ledger } from '../store/ledger.ts';
import { ownerOf } from '../store/keys.ts';
import type { Table } from '../store/table.ts';
import { subjectOf, type SettledAmounts } from './compare-rows.ts';
import type { FundFlowRow } from './fund-flow-bill.ts';
import { inBatches } from './in-batches.ts';
import { isPayment, isRefund, type TradeRow } from './trade-bill.ts';

/**
 * Lines of the bills that are not compared with the ledger, because another system or stage of the merchant created
 * their orders. Amounts are fen.
 */
export interface ForeignLines {
  payments: number;
  paidFen: number;
  refunds: number;
  refundedFen: number;
  /** Payments by a payment code of the buyer that the merchant revoked. This service makes no such payments. */
  revoked: number;
}

export function noForeignLines(): ForeignLines {
  return { payments: 0, paidFen: 0, refunds: 0, refundedFen: 0, revoked: 0 };
}

/** Counts a line of the trade bill. */
export function countForeign(foreign: ForeignLines, row: TradeRow): void {
  if (row.state === 'REVOKED') foreign.revoked += 1;
  else if (isPayment(row)) add(foreign, 'order', row.amountFen);
  else add(foreign, 'refund', row.refundFen);
}

/** Returns whether the ledger has the payment of a line, or the refund. Lines of another kind are not compared. */
export function isInLedger(row: TradeRow, { orders, refunds }: Ledger): boolean {
  if (isPayment(row)) return orders.has(row.outTradeNo);
  return !isRefund(row) || refunds.get(row.outRefundNo)?.outTradeNo === row.outTradeNo;
}

/**
 * Returns a function that recognises the orders of this stage: those in the ledger, and those whose number begins with
 * the id of an account of the table. Other stages generate numbers of the same format, with accounts of their own.
 * Numbers of another format are not read.
 * @param numbers.missing order numbers that the ledger lacks
 * @param numbers.unread order numbers that the ledger may have, such as those of refund lines
 */
export async function ownOrders(
  table: Table,
  { missing, unread = [] }: { missing: string[]; unread?: string[] },
): Promise<(outTradeNo: string) => boolean> {
  const orders = new Set<string>();
  const accounts = new Set<string>();
  const ofRefunds = new Set(unread);
  const candidates = [...missing, ...ofRefunds].filter((no) => ownerOf(no) !== NO_OWNER);
  // Up to two keys of each number: the order and its account.
  await inBatches(candidates, { size: LEDGER_BATCH / 2, inFlight: 1 }, async (batch) => {
    const found = await readLedger(table, {
      orders: batch.filter((no) => ofRefunds.has(no)),
      accounts: batch.map(ownerOf),
    });
    for (const no of found.orders.keys()) orders.add(no);
    for (const id of found.accounts) accounts.add(id);
  });
  return (outTradeNo) => orders.has(outTradeNo) || accounts.has(ownerOf(outTradeNo));
}

const NO_OWNER = ownerOf('');

/**
 * Returns whether a line of the fund-flow bill is about an order or a refund of another system or stage. The line of a
 * refund does not name the order. A refund that neither the ledger nor the trade bill has is therefore foreign.
 */
export function isForeignFlow(
  row: FundFlowRow,
  { ledger, settled, isOwn }: { ledger: Ledger; settled: SettledAmounts; isOwn: (outTradeNo: string) => boolean },
): boolean {
  const subject = subjectOf(row);
  if (subject === 'order') return !ledger.orders.has(row.no) && !settled.orders.has(row.no) && !isOwn(row.no);
  return subject === 'refund' && !ledger.refunds.has(row.no) && !settled.refunds.has(row.no);
}

/** Counts a line of the fund-flow bill that the trade bill lacks. */
export function countForeignFlow(foreign: ForeignLines, row: FundFlowRow): void {
  add(foreign, subjectOf(row) ?? 'refund', row.amountFen);
}

function add(foreign: ForeignLines, subject: 'order' | 'refund', fen: number): void {
  const [count, sum] = subject === 'order' ? (['payments', 'paidFen'] as const) : (['refunds', 'refundedFen'] as const);
  foreign[count] += 1;
  foreign[sum] += fen;
}
