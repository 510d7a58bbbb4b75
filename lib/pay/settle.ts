import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { markClosed, markPaid, type Order, type OrderState, type PaymentTerms } from '../store/orders.ts';
import { recordMismatch, type PayMismatch } from '../store/pay-notices.ts';
import type { Table } from '../store/table.ts';
import { MINUTE_MS } from './backoff.ts';
import { nextState, statesBefore } from './order.ts';
import type { Transaction } from '../wechat-pay/pay-api.ts';
import { requireVerified, type Verified } from '../wechat-pay/verified.ts';

/** Time until a failed report of a delivery is repeated. */
const CONFIRMATION_RETRY_MS = 5 * MINUTE_MS;

export type SettleDeps = Pick<Runtime, 'now' | 'log' | 'sleep'> & { table: Table };

/**
 * Books a payment that WeChat reported in a notification or a query. One conditional write compares merchant, app,
 * amount and currency, and changes the state. The reasons for a rejection are computed only after a failed write. A
 * repeated report changes nothing.
 * @returns whether this call changed the order
 * @throws PARAM_ERROR when the transaction contains no payment
 * @throws ORDER_STATE_CONFLICT when a genuine payment does not match its order. The mismatch is recorded once, and the
 * order is unchanged.
 */
export async function settlePayment(deps: SettleDeps, transaction: Verified<Transaction>): Promise<boolean> {
  requireVerified(transaction);
  const { payment, outTradeNo, appId, mchId, env } = transaction;
  if (!payment) throw new AppError('PARAM_ERROR', 'The transaction contains no payment');
  const { transactionId, paidAt, amountFen, currency, paidBy } = payment;
  const terms: PaymentTerms = { outTradeNo, appId, mchId, amountFen, currency, ...(env && { env }) };
  // The follow-up stays until WeChat has the report of the delivery, also after a crash.
  const followUpAtMs = transaction.awaitsDelivery && deps.now() + CONFIRMATION_RETRY_MS;
  const from = statesBefore('paid');
  const paid = await markPaid(deps.table, terms, { transactionId, paidAt, paidBy, from, followUpAtMs });
  if (paid.done) {
    deps.log.info('order.paid', { outTradeNo, transactionId, amountFen });
    return true;
  }
  const reasons = mismatches(paid.rejecting, terms, transactionId);
  if (reasons.length === 0) return false;
  return rejectMismatch(deps, { transactionId, outTradeNo, reasons });
}

/** Records once that a genuine payment or refund does not match the ledger. @throws ORDER_STATE_CONFLICT always */
export async function rejectMismatch(
  { table, log, now }: SettleDeps,
  mismatch: Omit<PayMismatch, 'seenAt'>,
): Promise<never> {
  const { refundId, reasons } = mismatch;
  const first = await recordMismatch(table, { ...mismatch, seenAt: new Date(now()).toISOString() });
  if (first) log.error('payment.mismatched', { ...mismatch });
  const subject = refundId === undefined ? 'payment' : 'refund';
  throw new AppError('ORDER_STATE_CONFLICT', `The ${subject} does not match the order; see detail.reasons`, {
    detail: { reasons },
  });
}

interface CloseOptions {
  from?: OrderState[] | undefined;
  followUpAtMs?: number | undefined;
}

/**
 * Marks an order as closed. A paid order stays paid.
 * @param from the states in which the order is closed. Default: every state of an unpaid order
 * @param followUpAtMs when to visit the closed order (epoch ms). Default: never
 * @returns whether this call changed the order
 */
export async function settleClosed(
  { table, log }: SettleDeps,
  outTradeNo: string,
  { from = statesBefore('closed'), followUpAtMs }: CloseOptions = {},
): Promise<boolean> {
  const { done } = await markClosed(table, { outTradeNo, from, followUpAtMs });
  if (done) log.info('order.closed', { outTradeNo });
  return done;
}

/** Returns the reasons why a payment was not booked. The list is empty if the same payment was booked before. */
function mismatches(order: Order | undefined, terms: PaymentTerms, transactionId: string): string[] {
  if (!order) return ['unknown order'];
  const differing = Object.entries(terms).flatMap(([name, value]) =>
    order[name as keyof Order] === value ? [] : [name],
  );
  if (differing.length > 0) return differing;
  if (nextState(order.state, 'paid'))
    throw new Error('DynamoDB rejected the write of a payment that matches its order');
  return order.transactionId === transactionId ? [] : ['paid twice'];
}
