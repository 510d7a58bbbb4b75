import type { PayOrder } from '../pay/ledger.ts';
import { estimatedAt, refundedFen, seconds, stateOf } from './trade-order.ts';
import type { Trade } from './trade-order.ts';
import type { TradeManagement } from './trade.ts';
import { DELIVERIES } from './upload.ts';

/**
 * Describes an order as `get_order` returns it.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
 */
export function describeTrade(trade: Trade, inComplaint: boolean): object {
  const { order, payment, mchId, upload, uploadedAt, finishedCount } = trade;
  return {
    transaction_id: payment.transactionId,
    merchant_id: mchId,
    sub_merchant_id: '',
    merchant_trade_no: order.terms.outTradeNo,
    description: order.terms.description,
    paid_amount: order.terms.totalFen - payment.couponFen,
    openid: payment.openId,
    trade_create_time: seconds(order.createdAt),
    pay_time: seconds(payment.paidAt),
    order_state: stateOf(trade),
    in_complaint: inComplaint,
    shipping: upload
      ? {
          delivery_mode: upload.mode,
          logistics_type: upload.type,
          finish_shipping: upload.isFinal,
          finish_shipping_count: finishedCount,
          goods_desc: order.terms.description,
          shipping_list: upload.parcels.map(({ trackingNo = '', carrier = '', goods, contact = {} }) => ({
            tracking_no: trackingNo,
            express_company: carrier,
            goods_desc: goods,
            upload_time: seconds(uploadedAt),
            contact,
          })),
        }
      : {},
  };
}

/** The money of a paid order (fen): what WeChat holds, and what the merchant has. Refunded money is in neither. */
export function describeMoney(order: PayOrder, trade: Trade | undefined): { frozenFen: number; settledFen: number } {
  const restFen = order.payment ? order.terms.totalFen - refundedFen(order) : 0;
  const isFrozen = trade !== undefined && trade.settledAt === undefined;
  return isFrozen ? { frozenFen: restFen, settledFen: 0 } : { frozenFen: 0, settledFen: restFen };
}

/** Describes the shipping of an order for the merchant platform; null for an order that WeChat does not hold. */
export function describeShipping(trade: Trade | undefined): object | null {
  if (!trade) return null;
  const { upload, isCorrected, isReminded, special, received, settledAt } = trade;
  return {
    orderState: stateOf(trade),
    ...(upload && {
      delivery: DELIVERIES[upload.type],
      isFinal: upload.isFinal,
      parcels: upload.parcels.map(({ carrier, trackingNo, goods }) => ({ carrier, trackingNo, goods })),
      ...(upload.isFinal && { estimatedSettlementAt: new Date(estimatedAt(trade)).toISOString() }),
    }),
    isCorrected,
    isReminded,
    ...(special && { special: special.kind }),
    ...(received && { receivedAt: new Date(received.at).toISOString() }),
    ...(settledAt !== undefined && { settledAt: new Date(settledAt).toISOString() }),
  };
}

/** Describes the switches of the order shipping management. */
export function describeSwitches(trade: TradeManagement): object {
  const { managed, limited, knownAfterMs, messagePath, orderDetailPath } = trade;
  return { managed, limited, knownAfterMs, messagePath, orderDetailPath };
}
