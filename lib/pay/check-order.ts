import { isAppError } from '../core/errors.ts';
import { claimTurn, readOrder, type Order, type PayApiName } from '../store/orders.ts';
import { isOpen } from './order.ts';
import type { PayApi } from '../wechat-pay/pay-api.ts';
import { settleClosed, settlePayment, type SettleDeps } from './settle.ts';

/** Books, and the way to ask WeChat: each order is asked about in the protocol that it was made by. */
export type CheckDeps = SettleDeps & { payApi(name: PayApiName): Promise<PayApi> };

const QUERY_INTERVAL_MS = 5_000;
/** REFUND means: was paid, and a refund was asked for (pay 2.5). */
const PAID_STATES = new Set(['SUCCESS', 'REFUND']);
/** The last two are of payments by scanned payment code, and as final. */
const DEAD_STATES = new Set(['CLOSED', 'REVOKED', 'PAYERROR']);

/**
 * Asks WeChat about an order and books the answer; a state that we do not know changes nothing.
 * @returns whether the order changed
 * @throws ORDER_STATE_CONFLICT when a payment does not fit our books; NOT_FOUND, and what else a query may come to
 */
export async function checkOrder(deps: CheckDeps, order: Order): Promise<boolean> {
  const transaction = await (await deps.payApi(order.api)).query(order);
  if (PAID_STATES.has(transaction.tradeState)) return settlePayment(deps, transaction);
  if (DEAD_STATES.has(transaction.tradeState)) return settleClosed(deps, order.outTradeNo);
  return false;
}

/**
 * The order as WeChat knows it: while it is open WeChat is asked, at most every 5 s over all instances, because a
 * notification may be late or lost. When WeChat cannot be asked, it is what we know.
 */
export async function freshOrder(deps: CheckDeps, order: Order): Promise<Order> {
  const { outTradeNo, queriedAtMs = 0 } = order;
  const turn = { outTradeNo, nowMs: deps.now(), intervalMs: QUERY_INTERVAL_MS };
  if (!isOpen(order) || queriedAtMs > turn.nowMs - QUERY_INTERVAL_MS) return order;
  if (!(await claimTurn(deps.table, 'queriedAtMs', turn))) return order;
  try {
    await checkOrder(deps, order);
  } catch (error) {
    if (!isAppError(error, 'NOT_FOUND')) deps.log.warn('pay.query-failed', { outTradeNo, error });
    return order;
  }
  // Also when nothing changed by this: a notification may have been faster.
  return (await readOrder(deps.table, outTradeNo)) ?? order;
}

/**
 * Closes an open order at WeChat, and then here. Somebody may have paid in the meantime: that is booked instead. An
 * order that WeChat never heard of needs no closing there.
 * @returns whether it is closed now
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
