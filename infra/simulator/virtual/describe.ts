// Orders, refunds and complaints as WeChat returns them, and as the console shows them.
import { beijingIso } from '../beijing-time.ts';
import { seconds } from '../shipping/trade-order.ts';
import {
  isPaidByApple,
  leftFen,
  LIVE,
  refundedFen,
  SANDBOX,
  statusOfOrder,
  statusOfRefund,
  totalFen,
  transactionIdOf,
} from './ledger.ts';
import type { VirtualComplaint, VirtualOrder, VirtualRefund } from './ledger.ts';
import type { VirtualWorld } from './world.ts';

/** The variants of an answer of `query_order`. */
interface OrderForm {
  /** Whether an order that is refunded in part has the status of a refunded one. */
  refundedInPart: boolean;
  /** Whether `left_fee` is absent. */
  hidesLeftFee: boolean;
}

/**
 * Describes a payment as `query_order` returns it. The documented values of `biz_type` and `biz_meta` differ from the live ones:
 * developers.weixin.qq.com, community post 00086804f30f68d81505ff6c063400.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_query_order
 */
export function describeOrder(order: VirtualOrder, { refundedInPart, hidesLeftFee }: OrderForm): object {
  const { payment, createdAt, providedAt } = order;
  const fee = totalFen(order);
  const changedAt = Math.max(createdAt, payment?.paidAt ?? 0, providedAt ?? 0);
  return {
    ext: {},
    order_id: order.outTradeNo,
    wx_order_id: order.wxOrderId,
    ...commonFields(order),
    order_type: 0,
    status: statusOfOrder(order, refundedInPart),
    order_fee: fee,
    paid_fee: payment ? fee : 0,
    ...(!hidesLeftFee && { left_fee: leftFen(order) }),
    create_time: seconds(createdAt),
    update_time: seconds(changedAt),
    paid_time: seconds(payment?.paidAt ?? 0),
    provide_time: seconds(providedAt ?? 0),
    biz_meta: JSON.stringify({ attach: order.attach }),
    channel_order_id: payment?.channelOrderId ?? '',
    ...(!isPaidByApple(order) && { wxpay_order_id: payment?.wxpayOrderId ?? '' }),
    sett_time: 0,
    sett_state: payment ? 3 : 0,
  };
}

/** Describes a refund as `query_order` returns it for the number of the refund. */
export function describeRefund(refund: VirtualRefund): object {
  const { order, refundOrderId = '', wxRefundId, wxpayRefundId, amountFen, createdAt, endedAt } = refund;
  return {
    ext: {},
    order_id: refundOrderId,
    wx_order_id: wxRefundId,
    ...commonFields(order),
    order_type: 1,
    status: statusOfRefund(refund),
    order_fee: totalFen(order),
    refund_fee: amountFen,
    create_time: seconds(createdAt),
    update_time: seconds(endedAt ?? createdAt),
    paid_time: refund.state === 'done' ? seconds(endedAt ?? 0) : 0,
    channel_order_id: order.payment?.channelOrderId ?? '',
    wxpay_order_id: wxpayRefundId,
  };
}

/** `env_type` counts from 1, and `env` of the requests from 0. */
function commonFields({ env, token }: VirtualOrder): object {
  return { env_type: env === LIVE ? 1 : 2, biz_type: 1000, token };
}

/**
 * Describes a complaint. The number of the merchant is `wxa_out_trade_no`; `out_trade_no` is that of the payment channel.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_get_complaint_list
 */
export function describeComplaint({ order, phone, refundFen, text, ...complaint }: VirtualComplaint): object {
  const asksRefund = refundFen !== undefined;
  return {
    complaint_id: complaint.complaintId,
    complaint_time: beijingIso(complaint.createdAt),
    complaint_detail: text,
    complaint_state: complaint.state,
    ...(phone !== undefined && { payer_phone: phone }),
    payer_openid: order.user.openIds.miniapp,
    complaint_order_info: [
      {
        transaction_id: transactionIdOf(order),
        out_trade_no: order.payment?.channelOrderId ?? '',
        amount: totalFen(order),
        wxa_out_trade_no: order.outTradeNo,
        wx_order_id: order.wxOrderId,
      },
    ],
    complaint_full_refunded: refundedFen(order) === totalFen(order),
    incoming_user_response: false,
    user_complaint_times: 1,
    complaint_media_list: [],
    problem_description: asksRefund ? '申请退款' : '商品或服务有问题',
    problem_type: asksRefund ? 'REFUND' : 'OTHERS',
    ...(asksRefund && { apply_refund_amount: refundFen }),
    user_tag_list: [],
    service_order_info: [],
  };
}

/**
 * Describes the negotiation history of a complaint.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_get_negotiation_history.md
 */
export function describeHistory({ history }: VirtualComplaint): object[] {
  return history.map(({ logId, operator, at, type, text = '' }) => ({
    log_id: logId,
    operator,
    operate_time: beijingIso(at),
    operate_type: type,
    operate_details: text,
    complaint_media_list: [],
  }));
}

/** Describes virtual payment for the console: goods, orders with their refunds, and complaints. */
export function describeVirtual({ settings, goods, orders, complaints }: VirtualWorld): object {
  return {
    offerId: settings.offerId,
    goods: ([LIVE, SANDBOX] as const).flatMap((env) => goods.all(env).map((good) => ({ env, ...good }))),
    orders: orders.all().map(showOrder),
    complaints: complaints.all().map(({ order, ...complaint }) => ({ ...complaint, outTradeNo: order.outTradeNo })),
  };
}

function showOrder(order: VirtualOrder): object {
  const { env, outTradeNo, wxOrderId, user, purchase, attach, payment, providedAt, refunds } = order;
  return {
    outTradeNo,
    wxOrderId,
    env,
    userId: user.id,
    status: statusOfOrder(order),
    ...purchase,
    amountFen: totalFen(order),
    leftFen: leftFen(order),
    refundedFen: refundedFen(order),
    attach,
    isProvided: providedAt !== undefined,
    ...(payment && { transactionId: transactionIdOf(order), paidBy: isPaidByApple(order) ? 'apple' : 'wechat' }),
    refunds: refunds.map(({ refundOrderId = null, wxRefundId, amountFen, state }) => ({
      refundOrderId,
      wxRefundId,
      amountFen,
      state,
    })),
  };
}
