import type { Runtime } from '../core/runtime.ts';
import { scheduleFollowUp } from '../store/follow-ups.ts';
import { readOrder } from '../store/orders.ts';
import { putReportedRefund, type Refund } from '../store/refunds.ts';
import type { Table } from '../store/table.ts';

/** What an unsigned notice or a bill contains of a refund. */
export type ReportedRefund = Pick<Refund, 'outRefundNo' | 'outTradeNo' | 'amountFen'>;

type ReportDeps = Pick<Runtime, 'now'> & { table: Table };

/**
 * Stores a refund that a bill shows and the ledger lacks, or has in another state, with a follow-up due now: the sweep
 * queries it at WeChat. Ignores a refund of an order that another system of the merchant made.
 */
export async function reportRefund(deps: ReportDeps, reported: ReportedRefund): Promise<void> {
  if (!(await readOrder(deps.table, reported.outTradeNo))) return;
  await storeReport(deps, reported);
}

/** Stores a reported refund of a known order; a refund that is stored already only gets a follow-up due now. */
export async function storeReport({ table, now }: ReportDeps, reported: ReportedRefund): Promise<void> {
  if (await putReportedRefund(table, consoleRefund(reported, now()), now())) return;
  await scheduleFollowUp(table, { kind: 'refund', no: reported.outRefundNo }, now());
}

/** A refund that was made in the merchant platform, before a query has confirmed it. */
export function consoleRefund({ outRefundNo, outTradeNo, amountFen }: ReportedRefund, nowMs: number): Refund {
  const createdAt = new Date(nowMs).toISOString();
  return { outRefundNo, outTradeNo, amountFen, status: 'REPORTED', source: 'CONSOLE', createdAt, changedAt: createdAt };
}
