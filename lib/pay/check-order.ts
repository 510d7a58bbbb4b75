import { isAppError } from '../core/errors.ts';
import { cancelOrderFollowUp } from '../store/follow-ups.ts';
import { isOpen } from '../store/order-states.ts';
import { claimQuery, readOrder, type Order, type PayApiName } from '../store/orders.ts';
import type { PayApi, Transaction } from '../wechat-pay/pay-api.ts';
import type { Verified } from '../wechat-pay/verified.ts';
import { DAY_MS, MINUTE_MS } from './backoff.ts';
import { settleClosed, settlePayment, type SettleDeps } from './settle.ts';

/** The ledger, and the calls about orders in each protocol. An order keeps its protocol. */
export type CheckDeps = SettleDeps & { payApi(name: PayApiName): Promise<PayApi> };

const QUERY_INTERVAL_MS = 5_000;
/**
 * Time to repeat a failed creation, for example after the operator corrected a setting. An order that WeChat
 * lacks is closed afterwards, and no longer counts as open.
 */
const CREATION_LIFE_MS = 15 * 60_000;
/**
 * States of a paid order. WeChat Pay reports REFUND after a refund was requested.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791859
 */
const PAID_STATES = new Set(['SUCCESS', 'REFUND']);
/**
 * Final states of an unpaid order. REVOKED and PAYERROR occur only when a merchant scans the payment code of a user.
 */
const CLOSED_STATES = new Set(['CLOSED', 'REVOKED', 'PAYERROR']);

/**
 * Queries an order at WeChat, and books a payment or a close. Any other state changes nothing. An order whose creation
 * failed 15 minutes ago is closed if WeChat does not have it.
 * @returns whether the order changed
 * @throws ORDER_STATE_CONFLICT when a payment does not match the ledger
 * @throws PARAM_ERROR when WeChat reports a paid state without the data of the payment
 * @throws NOT_FOUND when WeChat has no such order; the other errors of a query
 */
export async function checkOrder(deps: CheckDeps, order: Order): Promise<boolean> {
  let transaction: Verified<Transaction>;
  try {
    transaction = await (await deps.payApi(order.api)).query(order);
  } catch (error) {
    if (!isAppError(error, 'NOT_FOUND') || !isAbandoned(order, deps.now())) throw error;
    return settleClosed(deps, order.outTradeNo, { from: ['CREATED'] });
  }
  if (PAID_STATES.has(transaction.tradeState)) {
    const changed = await settlePayment(deps, transaction);
    if (transaction.awaitsDelivery) await confirmDelivery(deps, order);
    return changed;
  }
  // A number is unique for a merchant, and another application of the merchant can use it too.
  const isSame = transaction.appId === order.appId && transaction.mchId === order.mchId;
  return isSame && CLOSED_STATES.has(transaction.tradeState) ? settleClosed(deps, order.outTradeNo) : false;
}

/**
 * Reports the delivery of virtual goods to WeChat. The booked payment is the delivery: its event credits the wallet. After
 * a failure, the follow-up of the order repeats the report.
 */
export async function confirmDelivery(deps: CheckDeps, order: Order): Promise<void> {
  const { outTradeNo } = order;
  try {
    await (await deps.payApi(order.api)).confirmDelivery?.(order);
    await cancelOrderFollowUp(deps.table, outTradeNo);
  } catch (error) {
    deps.log.warn('order.delivery-unconfirmed', { outTradeNo, error });
  }
}

/**
 * Returns whether WeChat never accepted the order, and no creation began for 15 minutes. A creation that begins later
 * finds the order closed, and closes it at WeChat.
 */
function isAbandoned({ state, createdAt, creationClaimedAtMs = Date.parse(createdAt) }: Order, nowMs: number): boolean {
  return state === 'CREATED' && nowMs - creationClaimedAtMs > CREATION_LIFE_MS;
}

/**
 * Queries an open order at WeChat, because a notification may be late or lost, and returns the stored result. All
 * instances together query an order at most once every five seconds. Without a query, or after a failed query, returns
 * the given order.
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
  // The order is read again even if the query changed nothing, because a notification may have changed it meanwhile.
  return (await readOrder(deps.table, outTradeNo)) ?? order;
}

/**
 * Queries an order at WeChat, whatever its state in the ledger. Called when a bill lists a payment that the ledger
 * lacks. Does nothing if the ledger has no such order.
 * @throws the errors of checkOrder
 */
export async function recheckOrder(deps: CheckDeps, outTradeNo: string): Promise<void> {
  const order = await readOrder(deps.table, outTradeNo);
  if (order) await checkOrder(deps, order);
}

/**
 * Closes an open order at WeChat, then in the ledger. WeChat may accept an order after the close of an unknown number.
 * Then the order is closed again. The creation of a CREATED order may also reach WeChat later, so such an order keeps a
 * follow-up, which closes it at WeChat again. WeChat cannot close a virtual order, so the sweep looks a day later whether
 * it was paid.
 * @returns whether this call closed the order; false after a conflict
 * @throws the errors of endAtWechat
 */
export async function closeAtWechat(deps: CheckDeps, order: Order): Promise<boolean> {
  if (!(await endAtWechat(deps, order))) return false;
  const mayBeCreated = order.state === 'CREATED' && Date.parse(order.timeExpire) > deps.now();
  const followUpAfterMs = mayBeCreated ? MINUTE_MS : order.api === 'virtual' ? DAY_MS : undefined;
  const followUpAtMs = followUpAfterMs && deps.now() + followUpAfterMs;
  const from = isOpen(order) ? [order.state] : undefined;
  if (await settleClosed(deps, order.outTradeNo, { from, followUpAtMs })) return true;
  const current = await readOrder(deps.table, order.outTradeNo);
  return current !== undefined && isOpen(current) && closeAtWechat(deps, current);
}

/**
 * Closes an order at WeChat. If WeChat reports a conflict, the order is queried instead, and a payment is booked.
 * @returns true when WeChat has closed the order or does not have it; false after a conflict
 * @throws the errors of the close and of checkOrder
 */
export async function endAtWechat(deps: CheckDeps, order: Order): Promise<boolean> {
  try {
    await (await deps.payApi(order.api)).close(order);
  } catch (error) {
    if (isAppError(error, 'ORDER_STATE_CONFLICT')) {
      await checkOrder(deps, order);
      return false;
    }
    if (!isAppError(error, 'NOT_FOUND')) throw error;
  }
  return true;
}
