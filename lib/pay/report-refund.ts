import type { Runtime } from '../core/runtime.ts';
import { scheduleFollowUp } from '../store/follow-ups.ts';
import { readOrder } from '../store/orders.ts';
import { putReportedRefund, type Refund } from '../store/refunds.ts';
import type { Table } from '../store/table.ts';

/** The fields of a refund that an unsigned notification or a bill contains. */
export type ReportedRefund = Pick<Refund, 'outRefundNo' | 'outTradeNo' | 'amountFen'>;

type ReportDeps = Pick<Runtime, 'now'> & { table: Table };

/**
 * Stores a refund that a bill lists and the ledger lacks, or has in another status. The follow-up is due now, so the
 * sweep queries the refund at WeChat. Ignores a refund of an order that another system of the merchant created.
 */
export async function reportRefund(deps: ReportDeps, reported: ReportedRefund): Promise<void> {
  if (!(await readOrder(deps.table, reported.outTradeNo))) return;
  await storeReport(deps, reported);
}

/**
 * Stores a reported refund of an order in the ledger. A refund that is stored already only gets a follow-up due now.
 */
export async function storeReport({ table, now }: ReportDeps, reported: ReportedRefund): Promise<void> {
  if (await putReportedRefund(table, consoleRefund(reported, now()), now())) return;
  await scheduleFollowUp(table, { kind: 'refund', no: reported.outRefundNo }, now());
}

/** Builds a refund that was made in the merchant platform, before a query has confirmed it. */
export function consoleRefund({ outRefundNo, outTradeNo, amountFen }: ReportedRefund, nowMs: number): Refund {
  const createdAt = new Date(nowMs).toISOString();
  return { outRefundNo, outTradeNo, amountFen, status: 'REPORTED', source: 'CONSOLE', createdAt, changedAt: createdAt };
}
