import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { markClosed, markPaid, type Order, type PaymentTerms } from '../store/orders.ts';
import { recordMismatch, type PayMismatch } from '../store/pay-notices.ts';
import type { Table } from '../store/table.ts';
import { nextState, statesBefore } from './order.ts';
import type { Transaction } from '../wechat-pay/pay-api.ts';

export type SettleDeps = Pick<Runtime, 'now' | 'log' | 'sleep'> & { table: Table };

/**
 * Books what WeChat says about a payment, whether a notification or a query brought it. One conditional write finds
 * the order, compares merchant, app, amount and currency, and changes the state; only when it refuses do we look why.
 * Repeats, fifty at once or a day late, change nothing.
 * @returns whether this call changed the order
 * @throws ORDER_STATE_CONFLICT when the payment is genuine but does not fit our books: recorded once, order untouched
 */
export async function settlePayment(deps: SettleDeps, transaction: Transaction): Promise<boolean> {
  const { payment, outTradeNo, appId, mchId } = transaction;
  if (!payment) throw new AppError('PARAM_ERROR', 'No money has moved');
  const { transactionId, paidAt, amountFen, currency } = payment;
  const terms: PaymentTerms = { outTradeNo, appId, mchId, amountFen, currency };
  const paid = await markPaid(deps.table, terms, { transactionId, paidAt, from: statesBefore('paid') });
  if (paid.done) {
    deps.log.info('order.paid', { outTradeNo, transactionId, amountFen });
    return true;
  }
  const reasons = mismatches(paid.old as Order | undefined, terms, transactionId);
  if (reasons.length === 0) return false;
  return refuse(deps, { transactionId, outTradeNo, reasons });
}

/** For a payment or a refund that is genuine but does not fit our books: recorded once. @throws ORDER_STATE_CONFLICT */
export async function refuse({ table, log, now }: SettleDeps, mismatch: Omit<PayMismatch, 'seenAt'>): Promise<never> {
  const { refundId, reasons } = mismatch;
  const first = await recordMismatch(table, { ...mismatch, seenAt: new Date(now()).toISOString() });
  if (first) log.error('pay.mismatch', { ...mismatch });
  const what = refundId === undefined ? 'payment' : 'refund';
  throw new AppError('ORDER_STATE_CONFLICT', `The ${what} does not fit the order`, { detail: { reasons } });
}

/** WeChat says that the order will not be paid any more; an order that was paid stays paid. */
export async function settleClosed({ table, log }: SettleDeps, outTradeNo: string): Promise<boolean> {
  const { done } = await markClosed(table, { outTradeNo, from: statesBefore('closed') });
  if (done) log.info('order.closed', { outTradeNo });
  return done;
}

/** Why a payment was not booked; empty when it is the one that was booked before. */
function mismatches(order: Order | undefined, terms: PaymentTerms, transactionId: string): string[] {
  if (!order) return ['unknown order'];
  const differing = Object.entries(terms).flatMap(([name, value]) =>
    order[name as keyof Order] === value ? [] : [name],
  );
  if (differing.length > 0) return differing;
  if (nextState(order.state, 'paid')) throw new Error('a payment was refused that fits its order');
  return order.transactionId === transactionId ? [] : ['paid twice'];
}
