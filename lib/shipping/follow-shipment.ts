import { countMetric } from '../core/metrics.ts';
import { retryOnConflict, VERSION_CONFLICT } from '../core/optimistic-locking.ts';
import { claimShipment, type FollowUp } from '../store/follow-ups.ts';
import { readOrder, type Order } from '../store/orders.ts';
import { deleteShipment, readShipment, writeShipment, type Shipment } from '../store/shipments.ts';
import { isPaidInMiniapp, virtualUpload, type MiniappOrder } from './new-shipment.ts';
import { advance, isOver, nextLookAtMs, UNSHIPPED_ALARM_MS } from './progress.ts';
import { isRefundedInFull, isRefundOfAllUnderWay } from './refunds.ts';
import { adoptReport, hasClearState } from './reported-order.ts';
import { isTradeManaged, type TradeDeps } from './trade-managed.ts';
import { queryAtWechat, uploadPending, type UploadDeps } from './upload-shipment.ts';

export type FollowDeps = UploadDeps & TradeDeps;

/** Pause after a look that failed or crashed. */
const RETRY_MS = 5 * 60_000;
const DAY_MS = 24 * 3_600_000;

/** The shipment after a look; undefined if it was deleted. */
type Looked = Shipment | undefined | typeof VERSION_CONFLICT;

/**
 * Processes the due follow-up of a shipment: repeats its pending upload, or asks WeChat about the order, because pushes are
 * lost and operators also ship in WeChat's console.
 * @returns false when another run claimed the follow-up, or the shipment does not exist
 * @throws the errors of uploadPending and queryAtWechat
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
 */
export async function followShipment(deps: FollowDeps, followUp: FollowUp): Promise<boolean> {
  const nowMs = deps.now();
  if (!(await claimShipment(deps.table, followUp, nowMs + RETRY_MS))) return false;
  try {
    await retryOnConflict(deps, () => look(deps, followUp.no, nowMs));
    return true;
  } catch (error) {
    await warnDespiteFailure(deps, followUp.no, nowMs);
    throw error;
  }
}

async function look(deps: FollowDeps, outTradeNo: string, nowMs: number): Promise<Looked> {
  const { app, log } = deps;
  const [shipment, order] = await read(deps, outTradeNo);
  if (!shipment) return undefined;
  if (!order || !isPaidInMiniapp(order, app.appId)) {
    log.error('shipment.foreign', {
      outTradeNo,
      reason: 'The order was paid in another mini-program than MINIAPP_APP_ID',
    });
    return write(deps, order, shipment, shipment, nowMs);
  }
  if (isRefundedInFull(order)) {
    return write(deps, order, shipment, advance(shipment, { state: 'refunded', seenAt: iso(nowMs) }), nowMs);
  }
  if (!hasUpload(shipment) && !(await isTradeManaged(deps))) return drop(deps, shipment, 'no trade management');
  return shipment.pending ? uploadPending(deps, order, shipment) : askWechat(deps, order, shipment, nowMs);
}

async function askWechat(deps: FollowDeps, order: MiniappOrder, shipment: Shipment, nowMs: number): Promise<Looked> {
  const { outTradeNo } = order;
  const known = await queryAtWechat(deps, order);
  // WeChat keeps no payment from before the trade management, and returns no order for it.
  if (!known && !hasUpload(shipment) && isOverdue(shipment, nowMs)) return drop(deps, shipment, 'unknown to WeChat');
  const isClear = known !== undefined && hasClearState(known, order);
  if (!isClear) deps.log.warn('shipment.unclear', { outTradeNo, state: known?.state ?? 'unknown payment' });
  const reported = isClear ? adoptReport(shipment, known, iso(nowMs)) : shipment;
  const isUnshipped = known?.state === 'to-ship' && reported.state === 'to-ship';
  // WeChat declined the first upload, perhaps for a reason that has passed. A virtual order needs no operator.
  const isRestarted = isUnshipped && reported.delivery === 'virtual' && !isRefundOfAllUnderWay(order);
  return write(deps, order, shipment, isRestarted ? { ...reported, pending: virtualUpload(nowMs) } : reported, nowMs);
}

/** Writes the shipment after a look, and warns of an order that is not shipped. */
async function write(
  { table, log }: FollowDeps,
  order: Order | undefined,
  seen: Shipment,
  next: Shipment,
  nowMs: number,
): Promise<Shipment | typeof VERSION_CONFLICT> {
  const { outTradeNo, state, refundedAt } = next;
  const isLate = isWarningDue(order, next, nowMs);
  const looked = isLate ? { ...next, warnedAtMs: nowMs } : next;
  const written = await writeShipment(table, seen, looked, nextLookAtMs(next, nowMs));
  if (!written) return VERSION_CONFLICT;
  if (state !== seen.state || refundedAt !== seen.refundedAt)
    log.info('shipment.found', { outTradeNo, state, refundedAt });
  if (isLate) {
    log.warn('shipment.overdue', { outTradeNo, paidAt: next.paidAt });
    countMetric('UnshippedOrders', {});
  }
  return written;
}

/** Warns of an order that is not shipped, also while WeChat does not answer. */
async function warnDespiteFailure(deps: FollowDeps, outTradeNo: string, nowMs: number): Promise<void> {
  const [shipment, order] = await read(deps, outTradeNo);
  if (shipment && isWarningDue(order, shipment, nowMs)) await write(deps, order, shipment, shipment, nowMs);
}

function read({ table }: FollowDeps, outTradeNo: string): Promise<[Shipment | undefined, Order | undefined]> {
  return Promise.all([readShipment(table, outTradeNo, 'strong'), readOrder(table, outTradeNo)]);
}

/** Whether to warn of an order that is not shipped after 40 hours, once a day. WeChat demands the shipping in 48 hours. */
function isWarningDue(order: Order | undefined, shipment: Shipment, nowMs: number): boolean {
  if (shipment.state !== 'to-ship' || isOver(shipment) || !isOverdue(shipment, nowMs)) return false;
  if (order && isRefundOfAllUnderWay(order)) return false;
  return nowMs - (shipment.warnedAtMs ?? 0) >= DAY_MS;
}

function isOverdue({ paidAt }: Shipment, nowMs: number): boolean {
  return nowMs - Date.parse(paidAt) >= UNSHIPPED_ALARM_MS;
}

/** Whether WeChat has shipping information of the order, perhaps of a part only. */
function hasUpload({ state, uploadAtMs }: Shipment): boolean {
  return state !== 'to-ship' || uploadAtMs !== undefined;
}

/** Deletes a shipment that WeChat does not ask for. A reminder of WeChat stores it again. */
async function drop(
  { table, log }: FollowDeps,
  shipment: Shipment,
  reason: string,
): Promise<undefined | typeof VERSION_CONFLICT> {
  if (!(await deleteShipment(table, shipment))) return VERSION_CONFLICT;
  log.warn('shipment.dropped', { outTradeNo: shipment.outTradeNo, reason });
  return undefined;
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
