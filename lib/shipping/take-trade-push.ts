import { countMetric } from '../core/metrics.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';
import type { Runtime } from '../core/runtime.ts';
import { ownerOf } from '../store/keys.ts';
import { readOrder } from '../store/orders.ts';
import { recordPayLimit } from '../store/pay-notices.ts';
import { writeShipment, type Shipment } from '../store/shipments.ts';
import type { Table } from '../store/table.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import type { TradeEvent } from '../wechat/miniapp-push-content.ts';
import { isPaidInMiniapp, openShipment, type MiniappOrder } from './new-shipment.ts';
import { advance, isOver, nextLookAtMs, type Progress } from './progress.ts';

export type TradePushDeps = Pick<Runtime, 'now' | 'sleep' | 'log'> & {
  table: Table;
  /** The app id of the mini-program. */
  appId: string;
};

type OrderEvent = Extract<TradeEvent, { order: object }>;
type NoticeEvent = Exclude<TradeEvent, OrderEvent>;

/**
 * Takes an event of the order shipping management. A repetition has no further effect. WeChat is not called, because it
 * waits five seconds for the answer.
 *
 * The content of a push in plain mode may be forged. Such a push advances no shipment: the sweep asks WeChat about the
 * order within a minute.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
 */
export async function takeTradePush(deps: TradePushDeps, push: MiniappPush, event: TradeEvent): Promise<void> {
  switch (event.event) {
    case 'trade_manage_order_settlement':
    case 'trade_manage_remind_shipping':
      return takeOrderEvent(deps, push, event);
    case 'wxa_trade_controlled':
      return recordLimit(deps, push, event);
    case 'trade_manage_remind_access_api':
      deps.log.warn('shipping.access-reminded', { message: excerpt(event) });
  }
}

async function takeOrderEvent(deps: TradePushDeps, { openedWith }: MiniappPush, event: OrderEvent): Promise<void> {
  const order = await findOrder(deps, event);
  if (!order) return;
  const { outTradeNo } = order;
  const isSettlement = event.event === 'trade_manage_order_settlement';
  if (!isSettlement) deps.log.warn('shipment.reminded', { outTradeNo, message: excerpt(event) });
  const progress = isSettlement && openedWith ? readProgress(event, deps.now()) : undefined;
  // WeChat can report an order before the consumer of its payment stored the shipment.
  const shipment = await retryOnConflict(deps, async () => {
    const seen = await openShipment(deps, order);
    return (await (progress ? report(deps, seen, progress) : lookNow(deps, seen))) ?? VERSION_CONFLICT;
  });
  const { state } = shipment;
  deps.log.info('shipment.push-taken', { outTradeNo, event: event.event, verified: Boolean(openedWith), state });
}

/** Returns the own order of an event. Other systems of the merchant may share the merchant number. */
async function findOrder(deps: TradePushDeps, { event, order }: OrderEvent): Promise<MiniappOrder | undefined> {
  const { merchantTradeNo: outTradeNo, merchantId, transactionId } = order;
  const ignore = (reason: string) => void deps.log.info('shipment.push-ignored', { event, reason });
  if (ownerOf(outTradeNo) === '-') return ignore('the order number is not ours');
  const stored = await readOrder(deps.table, outTradeNo);
  if (!stored) return ignore('no such order');
  if (merchantId !== stored.mchId) return ignore('another merchant');
  if (!isPaidInMiniapp(stored, deps.appId)) return ignore('the order is not paid in the mini-program');
  if (transactionId !== stored.transactionId) return ignore('another payment');
  return stored;
}

/** @returns the written shipment; undefined on a version conflict */
async function report(deps: TradePushDeps, seen: Shipment, progress: Progress): Promise<Shipment | undefined> {
  const next = advance(seen, progress);
  if (next === seen) return seen;
  // Without an own upload, an operator shipped the order in WeChat's console: the sweep fetches the parcels.
  const isForeign = !isOver(next) && !next.pending && next.uploadAtMs === undefined;
  return writeShipment(deps.table, seen, next, isForeign ? deps.now() : nextLookAtMs(next, deps.now()));
}

/** Makes the shipment due for the sweep. A pending upload is due early anyway, and must not be sent twice at a time. */
async function lookNow(deps: TradePushDeps, seen: Shipment): Promise<Shipment | undefined> {
  if (isOver(seen) || seen.pending) return seen;
  return writeShipment(deps.table, seen, seen, deps.now());
}

function readProgress(
  { shippedTime, settlement }: Extract<OrderEvent, { shippedTime: string }>,
  nowMs: number,
): Progress {
  const [receivedAt, settledAt] = [readTime(settlement.confirmReceiveTime), readTime(settlement.settledTime)];
  return {
    state: settledAt ? 'settled' : receivedAt ? 'received' : 'shipped',
    seenAt: new Date(nowMs).toISOString(),
    shippedAt: readTime(shippedTime),
    receivedAt,
    settledAt,
    estimatedSettlementAt: readTime(settlement.estimatedTime),
    confirmReceiveMethod: settlement.confirmReceiveMethod,
  };
}

/** Reads epoch seconds. WeChat sends 0 or nothing for a time that is not known. */
function readTime(text: string | undefined): string | undefined {
  if (!text || !/^[1-9]\d{8,9}$/.test(text)) return undefined;
  return new Date(Number(text) * 1_000).toISOString();
}

/** Seconds for which a notice is kept. */
const KEPT_S = 90 * 86_400;

/** Records that WeChat limits the payments. The stored notice publishes the event. */
async function recordLimit(deps: TradePushDeps, push: MiniappPush, event: NoticeEvent): Promise<void> {
  const { table, appId, log } = deps;
  const [message, verified, nowMs] = [excerpt(event), push.openedWith !== undefined, deps.now()];
  const isNew = await recordPayLimit(table, {
    appId,
    pushId: push.pushId,
    message,
    verified,
    at: new Date(push.createTimeS * 1_000).toISOString(),
    seenAt: new Date(nowMs).toISOString(),
    expiresAt: Math.floor(nowMs / 1_000) + KEPT_S,
  });
  if (!isNew) return;
  log.error('payment.limited', { message, verified });
  countMetric('LimitedPayments', {});
}

/** Returns the beginning of WeChat's sentence, which has no documented length. */
function excerpt({ message }: { message: string }): string {
  return message.slice(0, 500).toWellFormed();
}
