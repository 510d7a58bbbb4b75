import type { Runtime } from '../core/runtime.ts';
import { scheduleFollowUp } from '../store/follow-ups.ts';
import { readOrder } from '../store/orders.ts';
import { putReportedRefund, type Refund } from '../store/refunds.ts';
import type { Table } from '../store/table.ts';

/** The refund fields that both an unsigned notification and a bill contain. */
export type ReportedRefund = Pick<Refund, 'outRefundNo' | 'outTradeNo' | 'amountFen'>;

type ReportDeps = Pick<Runtime, 'now'> & { table: Table };

/**
 * Records a refund that is absent from the ledger, or whose status differs between bill and ledger. Its follow-up is
 * due now, so the sweep queries the refund at WeChat. Ignores a refund whose order is not in the ledger, because
 * another system of the merchant created that order.
 */
export async function reportRefund(deps: ReportDeps, reported: ReportedRefund): Promise<void> {
  if (!(await readOrder(deps.table, reported.outTradeNo))) return;
  await storeReport(deps, reported);
}

/**
 * Stores a reported refund with a follow-up due now. For a refund that is stored already, this function only schedules
 * the follow-up. The order must be in the ledger.
 */
export async function storeReport({ table, now }: ReportDeps, reported: ReportedRefund): Promise<void> {
  if (await putReportedRefund(table, consoleRefund(reported, now()), now())) return;
  await scheduleFollowUp(table, { kind: 'refund', no: reported.outRefundNo }, now());
}

/**
 * Builds the item of a refund that was made in the merchant platform, with the status REPORTED. The caller replaces the
 * status when WeChat has confirmed the refund.
 */
export function consoleRefund({ outRefundNo, outTradeNo, amountFen }: ReportedRefund, nowMs: number): Refund {
  const createdAt = new Date(nowMs).toISOString();
  return { outRefundNo, outTradeNo, amountFen, status: 'REPORTED', source: 'CONSOLE', createdAt, changedAt: createdAt };
}
