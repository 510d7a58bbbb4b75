import type { VirtualEnv } from '../core/virtual-env.ts';
import type { DifferenceRecorder } from './difference-recorder.ts';
import { readVirtualBill, type VirtualBillDay } from './virtual-bill.ts';
import type { VirtualPayments } from './virtual-payments.ts';

/** The bills of virtual payment. */
export interface VirtualBills {
  offerId: string;
  env: VirtualEnv;
  /** Downloads the bill of a day (`yyyy-mm-dd` in Beijing); undefined if WeChat has no data of the day. */
  download(date: string): Promise<Uint8Array | undefined>;
}

/** The part of a report about virtual payment. `bill` is absent in the sandbox. */
interface VirtualReport {
  offerId: string;
  bill?: VirtualBillDay;
  ledger: VirtualPayments;
  notes: string[];
}

const SANDBOX = 'The sandbox has no bill, so the payments are not compared.';
const REFUNDS =
  'Refunds are not compared: the bill has their totals of the day, and the ledger has no index of them by day.';
const NEXT_STEP =
  'The bill has no order numbers. The sweep books payments whose order is still open. Run pay-bills for the day once more ' +
  'in an hour. If the totals still differ, export the orders of the day in the console of virtual payment, and compare ' +
  'them with order-show.';

/**
 * Compares the bill of virtual payment with the sums of the ledger, and records the differences. The bill has totals
 * only, so a difference names the offer id.
 * @returns the part of the report
 * @throws WECHAT_UNAVAILABLE when the bill is not ready or not readable; the other errors of `download`
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_download_bill
 */
export async function compareVirtualBill(
  { offerId, env, download }: VirtualBills,
  { recorder, virtualPayments: ledger }: { recorder: DifferenceRecorder; virtualPayments: VirtualPayments },
  date: string,
): Promise<VirtualReport> {
  if (env === 'sandbox') return { offerId, ledger, notes: [SANDBOX] };
  const bill = readVirtualBill(await download(date), date);
  const differences = [
    { kind: 'virtual-count', no: offerId, ours: ledger.wechat.payments, theirs: bill.payments },
    { kind: 'virtual-amount', no: offerId, ours: ledger.wechat.paidFen, theirs: bill.paidFen },
  ] as const;
  const found = differences.filter(({ ours, theirs }) => ours !== theirs);
  for (const difference of found) await recorder.record(difference);
  return { offerId, bill, ledger, notes: found.length > 0 ? [NEXT_STEP, REFUNDS] : [REFUNDS] };
}
