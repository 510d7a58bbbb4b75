import type { Difference } from '../store/bills.ts';
import type { Ledger } from '../store/ledger.ts';
import type { FundFlowRow } from './fund-flow-bill.ts';
import { isPayment, type TradeRow } from './trade-bill.ts';

/**
 * What a line of the trade bill and our books differ in. A refund line repeats columns of its payment, which has a line
 * of its own: of a refund line only the refund counts (pay 2.8).
 */
export function judgeTrade(row: TradeRow, { orders, refunds }: Ledger): Difference[] {
  if (isPayment(row)) return judgePayment(row, orders.get(row.outTradeNo));
  return row.state === 'REFUND' ? judgeRefund(row, refunds.get(row.outRefundNo)) : [];
}

function judgePayment(row: TradeRow, order: ReturnType<Ledger['orders']['get']>): Difference[] {
  const no = row.outTradeNo;
  if (!order) return [{ kind: 'unknown-order', no, theirs: row.transactionId }];
  const differences: Difference[] = [];
  const { transactionId, state, amountFen } = order;
  if (transactionId === undefined) {
    differences.push({ kind: 'unpaid-here', no, ours: state, theirs: row.transactionId });
  } else if (transactionId !== row.transactionId) {
    differences.push({ kind: 'transaction', no, ours: transactionId, theirs: row.transactionId });
  }
  if (amountFen !== row.amountFen) differences.push({ kind: 'amount', no, ours: amountFen, theirs: row.amountFen });
  if (order.appId !== row.appId || order.mchId !== row.mchId) {
    const [ours, theirs] = [order, row].map(({ appId, mchId }) => `${appId} ${mchId}`);
    differences.push({ kind: 'app', no, ours, theirs });
  }
  return differences;
}

/** What WeChat does not know of yet, as far as we know. */
const NOT_AT_WECHAT = ['REPORTED', 'REQUESTED', 'REFUSED'];
/** FAIL and CHANGE are what a refund was when the bill was made, and it may have gone on. */
const AT_WECHAT = ['SUCCESS', 'PROCESSING'];

function judgeRefund(row: TradeRow, refund: ReturnType<Ledger['refunds']['get']>): Difference[] {
  const no = row.outRefundNo;
  if (!refund) return [{ kind: 'unknown-refund', no, theirs: row.refundId }];
  const { outTradeNo, amountFen, status } = refund;
  // Another refund of the same number: the one of the bill is nowhere in our books.
  if (outTradeNo !== row.outTradeNo) return [{ kind: 'unknown-refund', no, ours: outTradeNo, theirs: row.outTradeNo }];
  const differences: Difference[] = [];
  if (amountFen !== row.refundFen) {
    differences.push({ kind: 'refund-amount', no, ours: amountFen, theirs: row.refundFen });
  }
  if (NOT_AT_WECHAT.includes(status) && AT_WECHAT.includes(row.refundStatus)) {
    differences.push({ kind: 'refund-status', no, ours: status, theirs: row.refundStatus });
  }
  return differences;
}

/** Which numbers of ours a line of the fund-flow bill is about; none for fees, withdrawals and the like (pay 2.9). */
export function subjectOf({ business, direction }: FundFlowRow): 'order' | 'refund' | undefined {
  if (business === '交易' && direction === 'income') return 'order';
  return business === '退款' && direction === 'expense' ? 'refund' : undefined;
}

/**
 * What a line of the fund-flow bill and our books differ in.
 * @param settled what the trade bill said is settled of an order or refund, by its number
 */
export function judgeFundFlow(
  row: FundFlowRow,
  { orders, refunds }: Ledger,
  settled: { orders: FenOf; refunds: FenOf },
): Difference[] {
  const { no, wechatNo, amountFen: theirs } = row;
  const subject = subjectOf(row);
  if (!subject) return [];
  const known = subject === 'order' ? orders.get(no) : refunds.get(no);
  if (!known) return [{ kind: 'fund-unknown', no, theirs: wechatNo }];
  const differences: Difference[] = [];
  const ours = settled[`${subject}s`].get(no) ?? known.amountFen;
  if (ours !== theirs) differences.push({ kind: 'fund-amount', no, ours, theirs });
  // An order that is not paid here is told by the trade bill.
  if ('transactionId' in known && known.transactionId !== wechatNo) {
    differences.push({ kind: 'transaction', no, ours: known.transactionId, theirs: wechatNo });
  }
  return differences;
}

/** Amounts (fen) by number. */
interface FenOf {
  get(no: string): number | undefined;
}
