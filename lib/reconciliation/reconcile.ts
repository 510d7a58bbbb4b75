import * as v from 'valibot';
import { beijingDate } from '../core/beijing-time.ts';
import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { putReconciled, readReconciled, type ReconciledBill } from '../store/bills.ts';
import type { MerchantApiName } from '../store/orders.ts';
import type { Table } from '../store/table.ts';
import { compareFundFlowBill, comparePaidOrders, compareTradeBill, type Repairs } from './compare-bills.ts';
import { compareVirtualBill, type VirtualBills } from './compare-virtual-bill.ts';
import { createDifferenceRecorder } from './difference-recorder.ts';
import { noForeignLines } from './foreign-lines.ts';
import { downloadBill, type BillResponse } from './download-bill.ts';
import { EMPTY_FUND_FLOW_BILL, readFundFlowBill } from './fund-flow-bill.ts';
import type { StoreReport } from './report-store.ts';
import { startReport } from './report.ts';
import { openTemporaryFile, readFromStart } from './temporary-file.ts';
import { EMPTY_TRADE_BILL, readTradeBill } from './trade-bill.ts';
import { noVirtualPayments } from './virtual-payments.ts';

/** The bills of a merchant number. */
export interface MerchantBills {
  api: MerchantApiName;
  /** Requests the trade bill of a day (`yyyy-mm-dd` in Beijing). */
  openTradeBill(date: string): Promise<BillResponse>;
  /** Requests the fund-flow bill of a day. Absent with API v2. */
  openFundFlowBill?: (date: string) => Promise<BillResponse>;
}

export interface ReconcileDeps extends Repairs, Pick<Runtime, 'now' | 'log'> {
  table: Table;
  /** Absent in a shop with virtual payment only. */
  merchantBills?: MerchantBills | undefined;
  /** Absent if virtual payment is not set up. */
  virtualBills?: VirtualBills | undefined;
  storeReport: StoreReport;
}

/**
 * The result for the operator: the day, the lines of its bills, the lines of other systems among them, the number of
 * differences and the key of the report.
 */
export type Reconciled = Pick<ReconciledBill, 'date' | 'lines' | 'foreign' | 'differences' | 'report'>;

const DAY_MS = 86_400_000;

const calendarDate = v.pipe(v.string(), v.isoDate(), v.check(isCalendarDate, 'is not a calendar date'));
const inputSchema = v.object({ date: v.optional(calendarDate) }, 'must be {"date": "yyyy-mm-dd"}, or {} for yesterday');

/**
 * Compares the bills of a day with the ledger, and the ledger with the bills. A repeated run records no difference
 * twice, but its report lists every difference.
 * @param input `{date?}`; without a date the flow reconciles yesterday in Beijing, unless that day is reconciled
 * already
 * @returns the result of this run, or of the earlier run
 * @throws PARAM_ERROR when the input is malformed, or WeChat has no bills for such a day
 * @throws WECHAT_UNAVAILABLE when a bill is not ready, or damaged twice
 * @throws WECHAT_TIMEOUT, WECHAT_CONFIG, RATE_LIMITED, INTERNAL
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071227
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071235
 */
export async function reconcile(deps: ReconcileDeps, input: unknown): Promise<Reconciled> {
  const { date, isDefault } = readInput(input, deps.now());
  const earlier = isDefault ? await readReconciled(deps.table, date) : undefined;
  if (earlier) return resultOf(earlier);
  const reconciled = await reconcileDay(deps, date);
  await putReconciled(deps.table, reconciled);
  deps.log.info('bills.reconciled', { ...reconciled });
  return resultOf(reconciled);
}

function readInput(input: unknown, nowMs: number): { date: string; isDefault: boolean } {
  const parsed = v.safeParse(inputSchema, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const { date } = parsed.output;
  return date === undefined ? { date: beijingDate(nowMs - DAY_MS), isDefault: true } : { date, isDefault: false };
}

/**
 * Compares only after all bills of the merchant number are downloaded and verified. The bill of virtual payment comes
 * last: on a day when it cannot be read, the others are compared and reported, and the run fails.
 */
async function reconcileDay(deps: ReconcileDeps, date: string): Promise<ReconciledBill> {
  const { merchantBills, virtualBills } = deps;
  await using trade = merchantBills && (await downloadTradeBill(deps, merchantBills, date));
  await using fundFlow = merchantBills && (await downloadFundFlowBill(deps, merchantBills, date));
  await using file = await openTemporaryFile();
  const reconciledAt = new Date(deps.now()).toISOString();
  const api = merchantBills?.api ?? 'virtual';
  const bills = { trade: trade?.totals, fundFlow: fundFlow?.totals };
  const report = startReport(file, { date, api, madeAt: reconciledAt, bills });
  const recorder = createDifferenceRecorder(deps, { date, report, seenAt: reconciledAt });

  const compared = { ...deps, recorder, foreign: noForeignLines(), virtualPayments: noVirtualPayments() };
  const settled = trade && (await compareTradeBill(compared, trade.rows()));
  const fees = fundFlow && settled && (await compareFundFlowBill(compared, fundFlow.rows(), settled));
  await comparePaidOrders(compared, date, settled);
  const [virtual] = await Promise.allSettled(virtualBills ? [compareVirtualBill(virtualBills, compared, date)] : []);

  const ofVirtual = virtual?.status === 'fulfilled' && { virtual: virtual.value };
  await report.end({ foreign: compared.foreign, ...(fees && { fees }), ...ofVirtual });
  const key = `bills/${date}.json`;
  await deps.storeReport(key, readFromStart(file), (await file.stat()).size);
  if (virtual?.status === 'rejected') throw virtual.reason;
  const lines = (trade?.totals.rows ?? 0) + (fundFlow?.totals.rows ?? 0);
  const { payments, refunds, revoked } = compared.foreign;
  const foreign = payments + refunds + revoked;
  return { date, api, lines, foreign, differences: recorder.count(), report: key, reconciledAt };
}

function downloadTradeBill({ log }: ReconcileDeps, { openTradeBill }: MerchantBills, date: string) {
  const open = () => openTradeBill(date);
  return downloadBill(log, { name: 'trade bill', open, read: readTradeBill, empty: EMPTY_TRADE_BILL });
}

async function downloadFundFlowBill({ log }: ReconcileDeps, { openFundFlowBill }: MerchantBills, date: string) {
  if (!openFundFlowBill) return undefined;
  const open = () => openFundFlowBill(date);
  return downloadBill(log, { name: 'fund-flow bill', open, read: readFundFlowBill, empty: EMPTY_FUND_FLOW_BILL });
}

function resultOf({ date, lines, foreign, differences, report }: ReconciledBill): Reconciled {
  return { date, lines, foreign, differences, report };
}

function isCalendarDate(date: string): boolean {
  const atMs = Date.parse(date);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(date);
}
