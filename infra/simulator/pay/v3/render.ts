import { beijingIso } from '../../beijing-time.ts';
import { settledFen } from '../ledger.ts';
import type { PayOrder, Refund, TradeState } from '../ledger.ts';
import { refundedAt, refundStatusOf } from '../refunds.ts';

const stateTexts: Record<TradeState, string> = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  REFUND: '订单发生过退款，退款详情请查询退款单',
  CLOSED: '订单已关闭',
};

/**
 * Renders an order for query and notification.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791859
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791861
 */
export function renderTransaction({ terms, payment }: PayOrder, mchId: string, state: TradeState): object {
  const { appId, outTradeNo, attach, deviceId, totalFen } = terms;
  const base = {
    appid: appId,
    mchid: mchId,
    out_trade_no: outTradeNo,
    promotion_detail: [],
    scene_info: { device_id: deviceId ?? '' },
    trade_state: state,
    trade_state_desc: stateTexts[state],
  };
  if (!payment) return { ...base, amount: { total: totalFen, currency: 'CNY' } };
  return {
    ...base,
    transaction_id: payment.transactionId,
    trade_type: terms.tradeType,
    bank_type: 'OTHERS',
    ...(attach !== undefined && { attach }),
    success_time: beijingIso(payment.paidAt),
    payer: { openid: payment.openId },
    amount: { total: totalFen, payer_total: totalFen - payment.couponFen, currency: 'CNY', payer_currency: 'CNY' },
    promotion_detail: promotionDetail(payment.couponFen),
  };
}

function promotionDetail(amount: number): object[] {
  if (amount === 0) return [];
  const coupon = { coupon_id: '109519', name: '单品惠-6', scope: 'GLOBAL', type: 'NOCASH', amount };
  return [{ ...coupon, wechatpay_contribute: 0, merchant_contribute: amount, other_contribute: 0, currency: 'CNY' }];
}

/**
 * Renders a refund for create and query.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071041
 */
export function renderRefund(refund: Refund): object {
  const { refundFen, totalFen, fundsAccount = 'UNSETTLED' } = refund.terms;
  const settledRefundFen = settledFen(refund.order, refundFen);
  return {
    ...commonFields(refund),
    channel: 'ORIGINAL',
    create_time: beijingIso(refund.createdAt),
    status: refundStatusOf(refund),
    funds_account: fundsAccount,
    amount: {
      total: totalFen,
      refund: refundFen,
      from: [],
      payer_total: settledFen(refund.order, totalFen),
      payer_refund: settledRefundFen,
      settlement_refund: settledRefundFen,
      settlement_total: settledFen(refund.order, totalFen),
      discount_refund: refundFen - settledRefundFen,
      currency: 'CNY',
    },
    promotion_detail: [],
  };
}

/**
 * Renders a refund for a notification: other field names, no currency.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791865
 */
export function renderRefundNotification(refund: Refund, mchId: string): object {
  const { refundFen, totalFen } = refund.terms;
  return {
    mchid: mchId,
    ...commonFields(refund),
    refund_status: refundStatusOf(refund),
    amount: {
      total: totalFen,
      refund: refundFen,
      payer_total: settledFen(refund.order, totalFen),
      payer_refund: settledFen(refund.order, refundFen),
    },
  };
}

function commonFields(refund: Refund): object {
  const { order, terms, refundId } = refund;
  const successAt = refundedAt(refund);
  return {
    refund_id: refundId,
    out_refund_no: terms.outRefundNo,
    transaction_id: order.payment?.transactionId,
    out_trade_no: order.terms.outTradeNo,
    user_received_account: '支付用户零钱',
    ...(successAt !== undefined && { success_time: beijingIso(successAt) }),
  };
}
