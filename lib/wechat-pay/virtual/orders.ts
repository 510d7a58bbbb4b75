import { AppError } from '../../core/errors.ts';
import { errcodeOf } from '../../wechat/platform-error.ts';
import type { Order } from '../../store/orders.ts';
import type { OrderRef } from '../pay-api.ts';
import { callVirtual, type VirtualDeps } from './client.ts';
import { REPEATED } from './errors.ts';
import { assertReachable, queryVirtualOrder } from './query-order.ts';
import { ENV_NUMBERS } from './sign.ts';

/**
 * Makes sure that an order is unpaid. Virtual payment has no call that closes an order, so the buyer can still pay an order
 * whose payment is open.
 * @throws ORDER_STATE_CONFLICT when the order is paid
 * @throws NOT_FOUND when WeChat has no such order; the other errors of queryVirtualOrder
 */
export async function assertUnpaid(deps: VirtualDeps, order: Order): Promise<void> {
  // The user closed the account. WeChat answers no query without the openid.
  if (order.openId === undefined) return;
  const { payment } = (await queryVirtualOrder(deps, order)).transaction;
  if (payment) throw new AppError('ORDER_STATE_CONFLICT', 'WeChat reports the order as paid; query the order');
}

/**
 * Reports to WeChat that the goods of an order were delivered. Repeating the report succeeds.
 * @throws the errors of assertReachable; NOT_FOUND, RATE_LIMITED, WECHAT_CONFIG, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_notify_provide_goods
 */
export async function notifyProvideGoods(deps: VirtualDeps, order: OrderRef): Promise<void> {
  assertReachable(deps.virtual, order);
  const body = { order_id: order.outTradeNo, env: ENV_NUMBERS[deps.virtual.env] };
  try {
    await callVirtual(deps, 'notify_provide_goods', body);
  } catch (error) {
    if (errcodeOf(error) !== REPEATED) throw error;
  }
}
