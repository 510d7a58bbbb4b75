import { isAppError } from '../core/errors.ts';
import { claimQuery, readOrder, type Order, type PayApiName } from '../store/orders.ts';
import type { PayApi } from '../wechat-pay/pay-api.ts';
import { isOpen } from './order.ts';
import { settleClosed, settlePayment, type SettleDeps } from './settle.ts';

/** The ledger and the calls to WeChat Pay: each order is queried in the protocol that created it. */
export type CheckDeps = SettleDeps & { payApi(name: PayApiName): Promise<PayApi> };

const QUERY_INTERVAL_MS = 5_000;
/** REFUND means: was paid, and a refund was requested (pay 2.5). */
const PAID_STATES = new Set(['SUCCESS', 'REFUND']);
/** REVOKED and PAYERROR occur with scanned payment codes only, and are as final. */
const CLOSED_STATES = new Set(['CLOSED', 'REVOKED', 'PAYERROR']);

/**
 * Queries an order at WeChat and settles the answer; an unknown state changes nothing.
 * @returns whether the order changed
 * @throws ORDER_STATE_CONFLICT when a payment does not match the ledger; NOT_FOUND; the errors of a query
 */
export async function checkOrder(deps: CheckDeps, order: Order): Promise<boolean> {
  const transaction = await (await deps.payApi(order.api)).query(order);
  if (PAID_STATES.has(transaction.tradeState)) return settlePayment(deps, transaction);
  if (CLOSED_STATES.has(transaction.tradeState)) return settleClosed(deps, order.outTradeNo);
  return false;
}

/**
 * Returns the order after a query at WeChat, because a notification may be late or lost. Queries only an open order, at
 * most every 5 s over all instances. Returns the stored order when the query fails.
 */
export async function refreshOrder(deps: CheckDeps, order: Order): Promise<Order> {
  const { outTradeNo, queriedAtMs = 0 } = order;
  const claim = { outTradeNo, nowMs: deps.now(), intervalMs: QUERY_INTERVAL_MS };
  if (!isOpen(order) || queriedAtMs > claim.nowMs - QUERY_INTERVAL_MS) return order;
  if (!(await claimQuery(deps.table, claim))) return order;
  try {
    await checkOrder(deps, order);
  } catch (error) {
    if (!isAppError(error, 'NOT_FOUND')) deps.log.warn('order.query-failed', { outTradeNo, error });
    return order;
  }
  // Read even if this query changed nothing: a notification may have come first.
  return (await readOrder(deps.table, outTradeNo)) ?? order;
}

/**
 * Queries the order of this number whatever its stored state, for a bill that shows a payment the ledger lacks. Does
 * nothing for an unknown number.
 * @throws the errors of checkOrder
 */
export async function recheckOrder(deps: CheckDeps, outTradeNo: string): Promise<void> {
  const order = await readOrder(deps.table, outTradeNo);
  if (order) await checkOrder(deps, order);
}

/**
 * Closes an open order at WeChat, then in the ledger. If WeChat reports a conflict, the order is queried and a payment is
 * settled instead. An order that WeChat does not have needs no closing there.
 * @returns whether the order is closed now
 */
export async function closeAtWechat(deps: CheckDeps, order: Order): Promise<boolean> {
  try {
    await (await deps.payApi(order.api)).close(order);
  } catch (error) {
    if (isAppError(error, 'ORDER_STATE_CONFLICT')) {
      await checkOrder(deps, order);
      return false;
    }
    if (!isAppError(error, 'NOT_FOUND')) throw error;
  }
  return settleClosed(deps, order.outTradeNo);
}
