import * as v from 'valibot';
import { beijingDate } from '../core/beijing-time.ts';
import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { putReconciled, readReconciled, type ReconciledBill } from '../store/bills.ts';
import type { PayApiName } from '../store/orders.ts';
import type { Table } from '../store/table.ts';
import { compareFundFlowBill, comparePaid, compareTradeBill, type Healers } from './compare.ts';
import { differenceBook } from './difference-book.ts';
import { fetchBill, type BillAnswer } from './fetch-bill.ts';
import { EMPTY_FUND_FLOW_BILL, readFundFlowBill } from './fund-flow-bill.ts';
import type { PutReport } from './report-store.ts';
import { startReport } from './report.ts';
import { openScratch, readScratch } from './scratch.ts';
import { EMPTY_TRADE_BILL, readTradeBill } from './trade-bill.ts';

export interface ReconcileDeps extends Healers, Pick<Runtime, 'now' | 'log'> {
  table: Table;
  api: PayApiName;
  /** Ask for the bills of a day (`yyyy-mm-dd` of Beijing); API v2 has no fund-flow bill for us. */
  openTradeBill(date: string): Promise<BillAnswer>;
  openFundFlowBill?: (date: string) => Promise<BillAnswer>;
  putReport: PutReport;
}

/** What the operator gets: how many lines the bills have, how many differences there are, and where they are listed. */
export type Reconciled = Pick<ReconciledBill, 'date' | 'lines' | 'differences' | 'report'>;

const DAY_MS = 86_400_000;

const day = v.pipe(v.string(), v.isoDate(), v.check(isDay, 'is not a day of the calendar'));
const order = v.object({ date: v.optional(day) }, 'wants {"date": "yyyy-mm-dd"}, or nothing');

/**
 * Compares a day's bills with our books, both ways (pay 2.8 to 2.10). Each difference is recorded once, however often the
 * day is done; the report lists all of this time.
 * @param input `{date?}`: without one it is yesterday in Beijing, and nothing is done if that is done already
 * @throws PARAM_ERROR, also for a day that WeChat gives no bill of; WECHAT_UNAVAILABLE when a bill is not ready or whole; WECHAT_TIMEOUT, WECHAT_CONFIG,
 *   RATE_LIMITED, INTERNAL
 */
export async function reconcile(deps: ReconcileDeps, input: unknown): Promise<Reconciled> {
  const { date, asked } = readInput(input, deps.now());
  const done = asked ? undefined : await readReconciled(deps.table, date);
  if (done) return answerOf(done);
  const reconciled = await reconcileDay(deps, date);
  await putReconciled(deps.table, reconciled);
  deps.log.info('bills.reconciled', { ...reconciled });
  return answerOf(reconciled);
}

function readInput(input: unknown, nowMs: number): { date: string; asked: boolean } {
  const parsed = v.safeParse(order, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const { date } = parsed.output;
  return date === undefined ? { date: beijingDate(nowMs - DAY_MS), asked: false } : { date, asked: true };
}

/** Everything is there, and whole, before the first line is compared. */
async function reconcileDay(deps: ReconcileDeps, date: string): Promise<ReconciledBill> {
  const opened: { close(): Promise<void> }[] = [];
  const keep = <Kept extends { close(): Promise<void> }>(kept: Kept): Kept => (opened.push(kept), kept);
  try {
    const trade = keep(await fetchTradeBill(deps, date));
    const fundFlow = deps.openFundFlowBill && keep(await fetchFundFlowBill(deps, deps.openFundFlowBill, date));
    const file = keep(await openScratch());
    const reconciledAt = new Date(deps.now()).toISOString();
    const bills = { trade: trade.totals, fundFlow: fundFlow?.totals };
    const report = startReport(file, { date, api: deps.api, madeAt: reconciledAt, bills });
    const book = differenceBook(deps, { date, report, seenAt: reconciledAt });

    const settled = await compareTradeBill({ ...deps, book }, trade.rows());
    if (fundFlow) await compareFundFlowBill({ ...deps, book }, fundFlow.rows(), settled);
    await comparePaid({ ...deps, book }, date, settled);

    await report.end();
    const key = `bills/${date}.json`;
    await deps.putReport(key, readScratch(file), (await file.stat()).size);
    const lines = trade.totals.rows + (fundFlow?.totals.rows ?? 0);
    return { date, api: deps.api, lines, differences: book.count(), report: key, reconciledAt };
  } finally {
    for (const one of opened) await one.close();
  }
}

function fetchTradeBill({ log, openTradeBill }: ReconcileDeps, date: string) {
  const open = () => openTradeBill(date);
  return fetchBill(log, { name: 'trade bill', open, read: readTradeBill, empty: EMPTY_TRADE_BILL });
}

function fetchFundFlowBill({ log }: ReconcileDeps, openBill: (date: string) => Promise<BillAnswer>, date: string) {
  const open = () => openBill(date);
  return fetchBill(log, { name: 'fund-flow bill', open, read: readFundFlowBill, empty: EMPTY_FUND_FLOW_BILL });
}

function answerOf({ date, lines, differences, report }: ReconciledBill): Reconciled {
  return { date, lines, differences, report };
}

function isDay(date: string): boolean {
  const atMs = Date.parse(date);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(date);
}
