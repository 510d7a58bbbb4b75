import { settleRefund } from '../pay/settle-refund.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import { readVirtualRefund, refundNumbers, type RefundEvent } from '../wechat-pay/virtual/pushes.ts';
import { asPaidBy, findVirtualOrder, withPayment, type VirtualPushDeps } from './virtual-order.ts';

/**
 * Takes the report of a refund by this service, in the console, or by Apple. A refund that the push proves is booked without
 * a call to WeChat. A failed refund and a push in plain mode only cause a query.
 * @returns whether the ledger has the refund
 * @throws ORDER_STATE_CONFLICT when a refund does not match the ledger, which is recorded once
 * @throws NOT_FOUND when WeChat has no such refund; the other errors of the queries
 */
export async function takeVirtualRefund(
  deps: VirtualPushDeps,
  push: MiniappPush,
  event: RefundEvent,
): Promise<boolean> {
  const { openId, refund } = event;
  const { mchOrderId: outTradeNo } = refund;
  const found = await findVirtualOrder(deps, push, { event: event.event, outTradeNo, openId });
  // A payment without an order is recorded by its own push.
  const order = found && found !== 'other' ? await withPayment(deps, found, openId) : undefined;
  if (!order) {
    if (found !== 'other') deps.log.error('virtual-pay.refund-unpaid', { outTradeNo });
    return false;
  }
  const proven = readVirtualRefund(deps.seller, push, event, order);
  const reported =
    proven ?? (await (await deps.refundApi('virtual')).query(refundNumbers(refund), asPaidBy(order, openId)));
  const outcome = await settleRefund(deps, reported);
  return outcome === 'booked' || outcome === 'unchanged';
}
