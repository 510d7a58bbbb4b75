import type { SubscribeEvent, UserDataEvent } from './push-content.ts';

/**
 * The content of a push of the mini-program, discriminated by `type`, then by `kind` or `event`. Every value is the
 * received text, because ids have 64 bits. A missing mandatory part is an empty text; a missing optional part is absent.
 * Times are epoch seconds, amounts are fen.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 */
export type MiniappPushContent = MiniappMessage | MiniappEvent;

/**
 * A message that a user sent to the customer service of the mini-program.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.html
 */
export type MiniappMessage = { type: 'message'; msgId: string } & (
  | { kind: 'text'; text: string }
  | { kind: 'image'; picUrl: string; mediaId: string }
  | { kind: 'miniprogrampage'; title: string; appId: string; pagePath: string; thumbUrl: string; thumbMediaId: string }
  | { kind: 'other'; name: string }
);

/** An event, with WeChat's name in lower case. `other` is an event of an unknown name. */
export type MiniappEvent = { type: 'event' } & (
  | { event: 'user_enter_tempsession'; sessionFrom: string }
  | SubscribeEvent
  | UserDataEvent
  | MediaCheckEvent
  | TradeEvent
  | VirtualPayEvent
  | { event: 'other'; name: string }
);

/** Returns WeChat's name of an event in lower case, also of an unknown event. */
export function eventName(content: MiniappEvent): string {
  return content.event === 'other' ? content.name : content.event;
}

/**
 * The result of a check of a picture or a sound. `failed`: WeChat could not check the file.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_mediacheckasync
 */
export interface MediaCheckEvent {
  event: 'wxa_media_check';
  traceId: string;
  suggest: 'pass' | 'review' | 'risky' | 'failed';
  /** The kind of the content, such as 100 for normal and 20002 for pornography. */
  label: string;
}

/**
 * An event of the order shipping management.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
 */
export type TradeEvent =
  | { event: 'trade_manage_remind_access_api' | 'wxa_trade_controlled'; message: string }
  | { event: 'trade_manage_remind_shipping'; order: TradeOrder; message: string }
  | { event: 'trade_manage_order_settlement'; order: TradeOrder; shippedTime: string; settlement: Settlement };

interface TradeOrder {
  transactionId: string;
  merchantId: string;
  subMerchantId?: string;
  /** The number that the merchant gave the order. */
  merchantTradeNo: string;
  payTime: string;
}

/** Before the confirmation of receipt only the estimate is present, after it the other parts. */
interface Settlement {
  estimatedTime?: string;
  /** A number whose meaning WeChat documents in contradictory ways. */
  confirmReceiveMethod?: string;
  confirmReceiveTime?: string;
  settledTime?: string;
}

/**
 * An event of virtual payment. WeChat repeats it up to 15 times and counts from 0 in `retryTimes`.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export type VirtualPayEvent =
  | ({ event: 'xpay_goods_deliver_notify'; goods: { productId: string } & Purchase } & VirtualOrder)
  | ({ event: 'xpay_coin_pay_notify'; coins: Purchase } & VirtualOrder)
  | { event: 'xpay_refund_notify'; openId: string; refund: VirtualRefund; retryTimes: string }
  | { event: 'xpay_complaint_notify'; openId: string; complaint: VirtualComplaint; retryTimes: string }
  | { event: 'xpay_subscribe_ios_refund_query_notify'; question: AppleRefundQuestion }
  | {
      event: 'xpay_subscribe_signing_result_notify' | 'xpay_subscribe_pay_fail_notify';
      openId: string;
      outTradeNo: string;
      retryTimes: string;
    };

interface VirtualOrder {
  openId: string;
  outTradeNo: string;
  /** 0 live, 1 sandbox. */
  env: string;
  /** Absent for a payment by Apple. */
  payment?: { mchOrderNo: string; transactionId: string; paidTime: string };
  retryTimes: string;
}

interface Purchase {
  quantity: string;
  /** Price per unit in the catalogue, and the paid price (fen). */
  origPrice: string;
  actualPrice: string;
  attach: string;
}

interface VirtualRefund {
  wxRefundId: string;
  mchRefundId: string;
  wxOrderId: string;
  mchOrderId: string;
  refundFee: string;
  /** 0 for a successful refund. */
  retCode: string;
  retMsg: string;
  startedTime: string;
  succeededTime: string;
  transactionId: string;
}

interface VirtualComplaint {
  wxOrderId: string;
  mchOrderId: string;
  complaintTime: string;
  requestId: string;
}

/** Apple asks whether a purchase may be refunded. `provideStatus`: 0 not delivered, 1 delivered, 2 under way. */
interface AppleRefundQuestion {
  payOrderId: string;
  productId: string;
  count: string;
  reason: string;
  provideStatus: string;
  orderTime: string;
  refundTime: string;
}
