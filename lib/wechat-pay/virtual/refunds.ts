import { AppError } from '../../core/errors.ts';
import { requireString } from '../../wechat/client.ts';
import type { Order } from '../../store/orders.ts';
import type { Refund } from '../../store/refunds.ts';
import type { WechatRefund } from '../pay-api.ts';
import { markVerified, type Verified } from '../verified.ts';
import { callVirtual, type VirtualDeps, type VirtualMerchant } from './client.ts';
import { isoOf, queryRecord, queryVirtualOrder } from './query-order.ts';
import { ENV_NUMBERS } from './sign.ts';

/** `refund_reason`: a reason without a number of its own. The words of the operator go into `biz_meta`. */
const OTHER_REASON = '5';
/** `req_from`: the staff of the merchant. */
const FROM_STAFF = '1';

/** The refund is done. 5 is documented for a refunded order, 8 for a refund that the user received. */
const DONE = new Set([5, 8]);
const FAILED = 7;
const REFUND_TYPE = 1;

/**
 * Requests a refund, which WeChat then processes. WeChat requires the amount that is left, so the order is queried first.
 * If WeChat omits this amount, the ledger determines it: WeChat accepts no refund while another refund is under way.
 * @throws FORBIDDEN, NOT_FOUND, ORDER_STATE_CONFLICT, WECHAT_CONFIG, INTERNAL when WeChat declines the refund
 * @throws RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the outcome is unknown
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_refund_order
 */
export async function createVirtualRefund(
  deps: VirtualDeps,
  order: Order,
  { outRefundNo, amountFen, reason = '' }: Refund,
): Promise<Verified<WechatRefund>> {
  const { leftFen = order.amountFen - order.refundedFen } = await queryVirtualOrder(deps, order);
  if (leftFen < amountFen) {
    const message =
      'WeChat has only detail.leftFen left, because it made refunds that the ledger lacks; see its console';
    throw new AppError('ORDER_STATE_CONFLICT', message, { detail: { leftFen } });
  }
  const answer = await callVirtual(deps, 'refund_order', {
    openid: order.openId,
    order_id: order.outTradeNo,
    refund_order_id: outRefundNo,
    left_fee: leftFen,
    refund_fee: amountFen,
    biz_meta: reason,
    refund_reason: OTHER_REASON,
    req_from: FROM_STAFF,
    env: ENV_NUMBERS[deps.virtual.env],
  });
  return refundOf(deps, order, {
    outRefundNo,
    amountFen,
    status: 'PROCESSING',
    refundId: requireString(answer, 'refund_wx_order_id'),
  });
}

/**
 * Queries a refund. A refund that this service did not request has the number of WeChat as its own number.
 * @throws NOT_FOUND when WeChat has no such refund, or the number is that of an order
 * @throws WECHAT_UNAVAILABLE when WeChat returns no amount; the errors of queryRecord
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_query_order
 */
export async function queryVirtualRefund(
  deps: VirtualDeps,
  { outRefundNo, refundId }: Pick<Refund, 'outRefundNo' | 'refundId'>,
  order: Order,
): Promise<Verified<WechatRefund>> {
  const number = refundId === outRefundNo ? { wx_order_id: refundId } : { order_id: outRefundNo };
  const record = await queryRecord(deps, order, number);
  if (record.order_type !== REFUND_TYPE) {
    throw new AppError('NOT_FOUND', 'The number belongs to an order of virtual payment, not to a refund');
  }
  // Another amount than the requested amount would mean another refund, whose request is released.
  if (record.refund_fee === 0) throw new AppError('WECHAT_UNAVAILABLE', 'WeChat returned no amount of the refund');
  const status = DONE.has(record.status) ? 'SUCCESS' : record.status === FAILED ? 'CLOSED' : 'PROCESSING';
  return refundOf(deps, order, {
    outRefundNo,
    amountFen: record.refund_fee,
    status,
    refundId: record.wx_order_id,
    ...(status === 'SUCCESS' && record.paid_time > 0 && { successAt: isoOf(record.paid_time) }),
  });
}

/**
 * Completes a refund with the fields of its order: the answers of virtual payment about a refund do not name them.
 * @throws WECHAT_UNAVAILABLE when the refund has no number of WeChat
 */
export function refundOf(
  { virtual }: { virtual: Pick<VirtualMerchant, 'offerId'> },
  { outTradeNo, transactionId = '', amountFen: totalFen }: Order,
  refund: Pick<WechatRefund, 'outRefundNo' | 'amountFen' | 'status' | 'refundId' | 'successAt'>,
): Verified<WechatRefund> {
  if (refund.refundId === '') throw new AppError('WECHAT_UNAVAILABLE', 'WeChat returned no number of the refund');
  return markVerified({ mchId: virtual.offerId, outTradeNo, transactionId, totalFen, ...refund });
}
