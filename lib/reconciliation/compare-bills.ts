import type { Runtime } from '../core/runtime.ts';
import type { Difference } from '../store/bills.ts';
import { LEDGER_BATCH, listPaidOn, readLedger } from '../store/ledger.ts';
import type { Table } from '../store/table.ts';
import { compareFundFlowRow, compareTradeRow, subjectOf, type SettledAmounts } from './compare-rows.ts';
import { addFee, isFee, type Fees } from './fees.ts';
import {
  countForeign,
  countForeignFlow,
  isForeignFlow,
  isInLedger,
  ownOrders,
  type ForeignLines,
} from './foreign-lines.ts';
import { copyString } from './copy-string.ts';
import type { DifferenceRecorder } from './difference-recorder.ts';
import type { FundFlowRow } from './fund-flow-bill.ts';
import { inBatches } from './in-batches.ts';
import { isPayment, isRefund, type TradeRow } from './trade-bill.ts';
import { countVirtual, type VirtualPayments } from './virtual-payments.ts';

/** The repairs of the ledger. Each of them is idempotent. */
export interface Repairs {
  /** Queries WeChat for an order that the bill lists as paid and the ledger as unpaid, and settles it. */
  recheckOrder(outTradeNo: string): Promise<void>;
  /**
   * Records a refund that the ledger lacks, or whose status is older in the ledger than in the bill. Ignores a refund
   * of an order that another system created.
   */
  reportRefund(refund: { outRefundNo: string; outTradeNo: string; amountFen: number; refundId: string }): Promise<void>;
}

export interface CompareDeps extends Repairs, Pick<Runtime, 'log'> {
  table: Table;
  recorder: DifferenceRecorder;
  /** Counts the lines of other systems and stages of the merchant. */
  foreign: ForeignLines;
  /** Counts the virtual payments of the day. */
  virtualPayments: VirtualPayments;
}

/** Rows per read, and concurrent reads. A million lines take minutes and a small share of the table's throughput. */
const ROWS = { size: LEDGER_BATCH, inFlight: 4 };
const DIFFERENCES_IN_FLIGHT = 5;
const PROGRESS_LINES = 50_000;

/**
 * Compares each row of the trade bill with the ledger, records the differences and repairs those that WeChat can
 * resolve. Rows of other systems and stages of the merchant are only counted.
 * @returns the settled amounts of the bill
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071246
 */
export async function compareTradeBill(deps: CompareDeps, rows: AsyncIterable<TradeRow>): Promise<SettledAmounts> {
  // An order number of 32 characters takes about 78 bytes in these maps, and about 524 bytes without the copy.
  const settled = { orders: new Map<string, number>(), refunds: new Map<string, number>() };
  const progress = progressLog(deps, 'trade');
  await inBatches(rows, ROWS, async (batch) => {
    const [payments, refunds] = [batch.filter(isPayment), batch.filter(isRefund)];
    for (const { outTradeNo, settledFen, state } of payments) {
      // The line of a revocation repeats the order number of its payment.
      if (state === 'SUCCESS' || !settled.orders.has(outTradeNo))
        settled.orders.set(copyString(outTradeNo), settledFen);
    }
    for (const { outRefundNo, settledRefundFen } of refunds) {
      settled.refunds.set(copyString(outRefundNo), settledRefundFen);
    }
    const ledger = await readLedger(deps.table, {
      orders: payments.map(({ outTradeNo }) => outTradeNo),
      refunds: refunds.map(({ outRefundNo }) => outRefundNo),
    });
    const unknown = batch.filter((row) => !isInLedger(row, ledger));
    const isOwn = await ownOrders(deps.table, {
      missing: unknown.filter(isPayment).map(({ outTradeNo }) => outTradeNo),
      unread: unknown.filter(isRefund).map(({ outTradeNo }) => outTradeNo),
    });
    const foreign = new Set(unknown.filter(({ outTradeNo }) => !isOwn(outTradeNo)));
    for (const row of foreign) countForeign(deps.foreign, row);
    const differences = batch
      .filter((row) => !foreign.has(row))
      .flatMap((row) => compareTradeRow(row, ledger).map((difference) => ({ row, difference })));
    await forEach(differences, async ({ row, difference }) => {
      await deps.recorder.record(difference);
      await repair(deps, difference, row);
    });
    progress(batch.length);
  });
  return settled;
}

/**
 * Compares each row of the fund-flow bill with the ledger and with the trade bill of the day. A row that only the trade
 * bill has was compared or counted with that bill.
 * @returns the fees that WeChat Pay deducted and returned
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071249
 */
export async function compareFundFlowBill(
  deps: CompareDeps,
  rows: AsyncIterable<FundFlowRow>,
  settled: SettledAmounts,
): Promise<Fees> {
  const fees: Fees = { lines: 0, fen: 0 };
  const progress = progressLog(deps, 'fund-flow');
  await inBatches(rows, ROWS, async (batch) => {
    const numbersOf = (subject: 'order' | 'refund') =>
      batch.filter((row) => subjectOf(row) === subject).map(({ no }) => no);
    const ledger = await readLedger(deps.table, { orders: numbersOf('order'), refunds: numbersOf('refund') });
    const isOwn = await ownOrders(deps.table, {
      missing: numbersOf('order').filter((no) => !ledger.orders.has(no) && !settled.orders.has(no)),
    });
    const differences: Difference[] = [];
    for (const row of batch) {
      if (isFee(row)) addFee(fees, row);
      else if (isForeignFlow(row, { ledger, settled, isOwn })) countForeignFlow(deps.foreign, row);
      else differences.push(...compareFundFlowRow(row, ledger, settled));
    }
    await forEach(differences, (difference) => deps.recorder.record(difference));
    progress(batch.length);
  });
  return fees;
}

/**
 * Records the orders that the ledger lists as paid on `date` and that are absent from the trade bill. Virtual payments are
 * in no trade bill, and are counted.
 * @param settled undefined for a shop without a merchant number, which has no trade bill
 */
export async function comparePaidOrders(
  deps: CompareDeps,
  date: string,
  settled: SettledAmounts | undefined,
): Promise<void> {
  await inBatches(listPaidOn(deps.table, date), ROWS, async (batch) => {
    const unbilled = batch.filter((no) => !settled?.orders.has(no));
    const ledger = await readLedger(deps.table, { orders: unbilled });
    const isVirtual = (no: string) => ledger.orders.get(no)?.api === 'virtual';
    for (const no of unbilled.filter(isVirtual)) countVirtual(deps.virtualPayments, ledger.orders.get(no)!);
    const missing = settled ? unbilled.filter((no) => !isVirtual(no)) : [];
    await forEach(missing, (no) =>
      deps.recorder.record({ kind: 'missing-in-bill', no, ours: ledger.orders.get(no)?.transactionId }),
    );
  });
}

/** Repairs the ledger if WeChat can resolve the difference. A failure is logged, and the comparison continues. */
async function repair(deps: CompareDeps, { kind, no, ours }: Difference, row: TradeRow): Promise<void> {
  const { outRefundNo, outTradeNo, refundFen: amountFen, refundId } = row;
  try {
    if (kind === 'unpaid-here') await deps.recheckOrder(no);
    // If `ours` is set, another refund in the ledger has this number, so the refund of the bill cannot be recorded.
    if (kind === 'refund-status' || (kind === 'unknown-refund' && ours === undefined)) {
      await deps.reportRefund({ outRefundNo, outTradeNo, amountFen, refundId });
    }
  } catch (error) {
    deps.log.warn('bills.repair-failed', { kind, no, error });
  }
}

function forEach<Item>(items: Item[], work: (item: Item) => Promise<void>): Promise<void> {
  return inBatches(items, { size: 1, inFlight: DIFFERENCES_IN_FLIGHT }, async ([item]) => work(item as Item));
}

function progressLog({ log }: CompareDeps, bill: string): (lines: number) => void {
  let lines = 0;
  return (more) => {
    lines += more;
    if (lines % PROGRESS_LINES < more) log.info('bills.lines-compared', { bill, lines });
  };
}
