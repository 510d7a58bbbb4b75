import { AppError, isAppError } from '../core/errors.ts';
import { readAccount } from '../store/accounts.ts';
import { cancelFollowUp, claimFollowUp, scheduleFollowUp, type FollowUp } from '../store/follow-ups.ts';
import { ownerOf } from '../store/keys.ts';
import { isOpen, isPaid } from '../store/order-states.ts';
import { erasePayer, readOrder, type Order } from '../store/orders.ts';
import { isDeclined, isUnknownOutcome } from '../wechat-pay/errors.ts';
import { MINUTE_MS } from './backoff.ts';
import { checkOrder, closeAtWechat, endAtWechat, type CheckDeps } from './check-order.ts';

/** Ages of an open order at its visits after the first one. The last visit is at the expiry, and closes the order. */
const VISIT_AGES_MS = [5 * MINUTE_MS, 25 * MINUTE_MS];
/** Interval of the visits of an expired order that cannot be closed. */
const EXPIRED_INTERVAL_MS = 30 * MINUTE_MS;
/** Pause after a visit whose failure is probably transient. */
const RETRY_MS = 5 * MINUTE_MS;

/**
 * Processes the due follow-up of an order. Queries an open order at WeChat and books its payment; closes an expired
 * order, whose payment WeChat reports as a conflict.
 * @returns false when another run claimed the follow-up, or the order does not exist
 * @throws the errors of checkOrder and closeAtWechat
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012075249
 */
export async function followOrder(deps: CheckDeps, followUp: FollowUp): Promise<boolean> {
  const order = await readOrder(deps.table, followUp.no);
  if (!order || !(await claimFollowUp(deps.table, followUp, nextVisitAtMs(order, deps.now())))) return false;
  try {
    if (isOpen(order)) await visitOpen(deps, order);
    else if (isPaid(order)) await visitPaid(deps, order, followUp);
    else await visitClosed(deps, order, followUp);
    return true;
  } catch (error) {
    if (isTransient(error)) await scheduleFollowUp(deps.table, followUp, deps.now() + RETRY_MS);
    throw error;
  }
}

async function visitOpen(deps: CheckDeps, order: Order): Promise<void> {
  // The close of an account closes the open orders that it finds. This order was stored after that search, or WeChat did
  // not respond to the close.
  const isOrphan = !(await readAccount(deps.table, ownerOf(order.outTradeNo), 'eventual-with-fallback'));
  if (isOrphan) await erasePayer(deps.table, order.outTradeNo);
  if (isOrphan || isExpired(order, deps.now())) {
    await closeAtWechat(deps, order);
    return;
  }
  await checkOrder(deps, order).catch((error: unknown) => {
    // WeChat does not have the order: its creation failed, or is still in progress.
    if (!isAppError(error, 'NOT_FOUND')) throw error;
  });
}

/**
 * Reports the delivery of virtual goods again, because an earlier report failed. Without a query, which needs the openid
 * that the close of the account erases. A declined report is final: WeChat refunded the order meanwhile.
 */
async function visitPaid(deps: CheckDeps, order: Order, followUp: FollowUp): Promise<void> {
  try {
    await (await deps.payApi(order.api)).confirmDelivery?.(order);
  } catch (error) {
    const isFinal = isDeclined(error) || isAppError(error, 'NOT_FOUND') || isAppError(error, 'ORDER_STATE_CONFLICT');
    if (!isFinal) throw error;
    deps.log.warn('order.delivery-unconfirmed', { outTradeNo: order.outTradeNo, error });
  }
  await cancelFollowUp(deps.table, followUp);
}

/**
 * Closes an order at WeChat that WeChat may have accepted after the order was closed here. A payment that was booked
 * instead decides on the follow-up of its order.
 */
async function visitClosed(deps: CheckDeps, order: Order, followUp: FollowUp): Promise<void> {
  if (!(await endAtWechat(deps, order))) {
    const { state } = (await readOrder(deps.table, order.outTradeNo)) ?? order;
    if (state !== 'CLOSED' || !isExpired(order, deps.now())) return;
  }
  await cancelFollowUp(deps.table, followUp);
}

function isExpired({ timeExpire }: Order, nowMs: number): boolean {
  return Date.parse(timeExpire) <= nowMs;
}

/** Returns when to visit the order next (epoch ms): an unexpired order at its expiry at the latest. */
function nextVisitAtMs(order: Order, nowMs: number): number {
  if (isExpired(order, nowMs)) return nowMs + EXPIRED_INTERVAL_MS;
  const [createdAtMs, expiresAtMs] = [Date.parse(order.createdAt), Date.parse(order.timeExpire)];
  return VISIT_AGES_MS.map((ageMs) => createdAtMs + ageMs).find((atMs) => atMs > nowMs) ?? expiresAtMs;
}

function isTransient(error: unknown): boolean {
  return !(error instanceof AppError) || isUnknownOutcome(error) || isAppError(error, 'RATE_LIMITED');
}
