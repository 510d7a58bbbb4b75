import { beijingDigits, beijingText } from '../../beijing-time.ts';
import { settledFen } from '../ledger.ts';
import type { OrderTerms, PayOrder, Payment, Refund, RefundStatus, TradeState } from '../ledger.ts';
import { refundedAt, refundStatusOf } from '../refunds.ts';
import type { V2Fields } from './sign.ts';

const stateTexts: Record<TradeState, string> = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  REFUND: '转入退款',
  CLOSED: '订单已关闭',
};

/** The refund statuses in API v2. */
export const v2Statuses: Record<RefundStatus, string> = {
  PROCESSING: 'PROCESSING',
  SUCCESS: 'SUCCESS',
  CLOSED: 'REFUNDCLOSE',
  ABNORMAL: 'CHANGE',
};

/**
 * The payment fields of a paid order, the same in query and notification.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935221
 */
export function paidFields(terms: OrderTerms, payment: Payment): V2Fields {
  const { transactionId, paidAt, openId, couponFen } = payment;
  const paidFen = String(terms.totalFen - couponFen);
  return {
    ...(terms.deviceId !== undefined && { device_info: terms.deviceId }),
    openid: openId,
    is_subscribe: 'N',
    trade_type: terms.tradeType,
    bank_type: 'OTHERS',
    total_fee: String(terms.totalFen),
    settlement_total_fee: paidFen,
    fee_type: 'CNY',
    cash_fee: paidFen,
    cash_fee_type: 'CNY',
    ...couponFields(couponFen),
    transaction_id: transactionId,
    out_trade_no: terms.outTradeNo,
    ...(terms.attach !== undefined && { attach: terms.attach }),
    time_end: beijingDigits(paidAt),
  };
}

function couponFields(fen: number): V2Fields {
  if (fen === 0) return {};
  const coupon = { coupon_type_0: 'NO_CASH', coupon_id_0: '109519', coupon_fee_0: String(fen) };
  return { coupon_fee: String(fen), coupon_count: '1', ...coupon };
}

/**
 * Renders the answer of orderquery; an unpaid order has few fields.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935215
 */
export function renderOrderQuery({ terms, payment }: PayOrder, state: TradeState): V2Fields {
  const { deviceId, attach, outTradeNo } = terms;
  const fields = payment
    ? paidFields(terms, payment)
    : {
        ...(deviceId !== undefined && { device_info: deviceId }),
        out_trade_no: outTradeNo,
        ...(attach !== undefined && { attach }),
      };
  return { ...fields, trade_state: state, trade_state_desc: stateTexts[state] };
}

/**
 * Renders the answer of refund: the refund was accepted, and its outcome follows.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935217
 */
export function renderAcceptedRefund({ order, terms, refundId }: Refund): V2Fields {
  const totalFen = String(order.terms.totalFen);
  const refundFen = String(terms.refundFen);
  const settledTotalFen = String(settledFen(order, order.terms.totalFen));
  const settledRefundFen = String(settledFen(order, terms.refundFen));
  return {
    transaction_id: order.payment?.transactionId ?? '',
    out_trade_no: order.terms.outTradeNo,
    out_refund_no: terms.outRefundNo,
    refund_id: refundId,
    refund_fee: refundFen,
    settlement_refund_fee: settledRefundFen,
    total_fee: totalFen,
    settlement_total_fee: settledTotalFen,
    fee_type: 'CNY',
    cash_fee: settledTotalFen,
    cash_refund_fee: settledRefundFen,
  };
}

/**
 * Renders the answer of refundquery: `page` out of `total` refunds.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935218
 */
export function renderRefundQuery(order: PayOrder, page: readonly Refund[], total: number): V2Fields {
  const settledTotalFen = String(settledFen(order, order.terms.totalFen));
  return {
    transaction_id: order.payment?.transactionId ?? '',
    out_trade_no: order.terms.outTradeNo,
    total_fee: String(order.terms.totalFen),
    settlement_total_fee: settledTotalFen,
    fee_type: 'CNY',
    cash_fee: settledTotalFen,
    refund_count: String(page.length),
    total_refund_count: String(total),
    ...Object.assign({}, ...page.map(renderRefundFields)),
  };
}

function renderRefundFields(refund: Refund, index: number): V2Fields {
  const successAt = refundedAt(refund);
  const { order, terms } = refund;
  const fields: V2Fields = {
    out_refund_no: refund.terms.outRefundNo,
    refund_id: refund.refundId,
    refund_channel: 'ORIGINAL',
    refund_fee: String(terms.refundFen),
    settlement_refund_fee: String(settledFen(order, terms.refundFen)),
    refund_status: v2Statuses[refundStatusOf(refund)],
    refund_account: 'REFUND_SOURCE_UNSETTLED_FUNDS',
    // The official spelling.
    refund_recv_accout: '支付用户零钱',
    ...(successAt !== undefined && { refund_success_time: beijingText(successAt) }),
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${name}_${index}`, value]));
}
