import type { Difference } from '../store/bills.ts';
import type { Ledger, LedgerOrder, LedgerRefund } from '../store/ledger.ts';
import type { FundFlowRow } from './fund-flow-bill.ts';
import { isPayment, isRefund, type TradeRow } from './trade-bill.ts';

/** Settled amounts of the trade bill (fen), by our order and refund numbers. */
export interface SettledAmounts {
  orders: ReadonlyMap<string, number>;
  refunds: ReadonlyMap<string, number>;
}

/**
 * Compares a row of the trade bill with the ledger. For a refund row, only the refund is compared: the payment columns
 * repeat the payment, which has its own row.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071246
 */
export function compareTradeRow(row: TradeRow, { orders, refunds }: Ledger): Difference[] {
  if (isPayment(row)) return comparePayment(row, orders.get(row.outTradeNo));
  return isRefund(row) ? compareRefund(row, refunds.get(row.outRefundNo)) : [];
}

function comparePayment(row: TradeRow, order: LedgerOrder | undefined): Difference[] {
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

/** Statuses in the ledger of refunds that WeChat is not known to have accepted. */
const NOT_ACCEPTED = ['REPORTED', 'REQUESTED', 'REFUSED'];
/**
 * Refund statuses in the bill that prove acceptance. FAIL and CHANGE are ignored, because the refund may have changed
 * after the bill was made.
 */
const ACCEPTED = ['SUCCESS', 'PROCESSING'];

function compareRefund(row: TradeRow, refund: LedgerRefund | undefined): Difference[] {
  const no = row.outRefundNo;
  if (!refund) return [{ kind: 'unknown-refund', no, theirs: row.refundId }];
  const { outTradeNo, amountFen, status } = refund;
  // The ledger has another refund under this number, not the refund of the bill.
  if (outTradeNo !== row.outTradeNo) return [{ kind: 'unknown-refund', no, ours: outTradeNo, theirs: row.outTradeNo }];
  const differences: Difference[] = [];
  if (amountFen !== row.refundFen) {
    differences.push({ kind: 'refund-amount', no, ours: amountFen, theirs: row.refundFen });
  }
  if (NOT_ACCEPTED.includes(status) && ACCEPTED.includes(row.refundStatus)) {
    differences.push({ kind: 'refund-status', no, ours: status, theirs: row.refundStatus });
  }
  return differences;
}

/**
 * Returns the kind of item to which a fund-flow row refers, or undefined for fees, withdrawals and other movements.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071249
 */
export function subjectOf({ business, direction }: FundFlowRow): 'order' | 'refund' | undefined {
  if (business === '交易' && direction === 'income') return 'order';
  return business === '退款' && direction === 'expense' ? 'refund' : undefined;
}

/**
 * Compares a row of the fund-flow bill with the ledger. Its amount must equal the settled amount of the trade bill, or
 * must not exceed the amount of the ledger if the trade bill lacks the item.
 */
export function compareFundFlowRow(
  row: FundFlowRow,
  { orders, refunds }: Ledger,
  settled: SettledAmounts,
): Difference[] {
  const { no, wechatNo, amountFen: theirs } = row;
  const subject = subjectOf(row);
  if (!subject) return [];
  const entry = subject === 'order' ? orders.get(no) : refunds.get(no);
  // The comparison with the trade bill has reported or counted an item that only the trade bill has.
  if (!entry) return settled[`${subject}s`].has(no) ? [] : [{ kind: 'fund-unknown', no, theirs: wechatNo }];
  const differences: Difference[] = [];
  const billed = settled[`${subject}s`].get(no);
  const ours = billed ?? entry.amountFen;
  // The ledger has no settled amounts. Without the trade bill, a coupon can be the reason for a smaller amount.
  if (billed === undefined ? theirs > ours : theirs !== ours) {
    differences.push({ kind: 'fund-amount', no, ours, theirs });
  }
  // An unpaid order has no `transactionId`. The comparison with the trade bill reports such an order.
  if ('transactionId' in entry && entry.transactionId !== wechatNo) {
    differences.push({ kind: 'transaction', no, ours: entry.transactionId, theirs: wechatNo });
  }
  return differences;
}
