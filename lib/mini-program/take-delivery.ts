import { confirmDelivery } from '../pay/check-order.ts';
import { settlePayment } from '../pay/settle.ts';
import { isPaid } from '../store/order-states.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import { readDelivery, type DeliveryEvent } from '../wechat-pay/virtual/pushes.ts';
import { findVirtualOrder, withPayment, type VirtualPushDeps } from './virtual-order.ts';

/**
 * Takes the request of WeChat to deliver the goods of a payment. The booked payment is the delivery: its event credits the
 * wallet. A push that proves the payment is booked without a call to WeChat. Any other push only causes a query, which
 * decides: a push in plain mode, of a payment by Apple, or with a difference to the order.
 *
 * A repetition of a booked push means that WeChat lost the answer, so the delivery is reported by a call too.
 * @returns whether the ledger has the payment
 * @throws ORDER_STATE_CONFLICT when a payment does not match the ledger, which is recorded once
 * @throws NOT_FOUND when WeChat has no such order; the other errors of a query
 */
export async function takeDelivery(deps: VirtualPushDeps, push: MiniappPush, event: DeliveryEvent): Promise<boolean> {
  const { outTradeNo, openId, retryTimes } = event;
  const order = await findVirtualOrder(deps, push, event);
  if (order === 'other') return false;
  if (!order) return recordUnknown(deps, event);
  if (isPaid(order)) {
    if (Number(retryTimes) >= 1) await confirmDelivery(deps, order);
    return true;
  }
  const payment = readDelivery(deps.seller, push, event, order);
  if (payment) await settlePayment(deps, payment);
  else if (!(await withPayment(deps, order, openId))) {
    deps.log.error('virtual-pay.unpaid', { outTradeNo });
    return false;
  }
  return true;
}

/**
 * Records a payment whose order the ledger lacks, if WeChat confirms the payment. A payment of the other environment is not
 * found: the sandbox moves no money.
 * @returns false
 * @throws ORDER_STATE_CONFLICT after the record; NOT_FOUND and the other errors of a query
 */
async function recordUnknown(deps: VirtualPushDeps, { outTradeNo, openId }: DeliveryEvent): Promise<false> {
  const { appId, offerId: mchId, env } = deps.seller;
  const transaction = await (await deps.payApi('virtual')).query({ outTradeNo, appId, mchId, openId, env });
  if (transaction.payment) await settlePayment(deps, transaction);
  return false;
}
