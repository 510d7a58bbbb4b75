import type { VirtualEnv } from '../core/virtual-env.ts';
import type { Order } from '../store/orders.ts';
import type { Refund } from '../store/refunds.ts';
import type { Verified } from './verified.ts';

/**
 * An order as WeChat reports it in a notification or in the response to a query. Amounts are fen.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791859
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791861
 */
export interface Transaction {
  appId: string;
  mchId: string;
  outTradeNo: string;
  tradeState: string;
  /** The environment of virtual payment; absent in the other protocols. */
  env?: VirtualEnv;
  /** Present once the order is paid. `paidAt` is ISO 8601. */
  payment?: { transactionId: string; paidAt: string; amountFen: number; currency: string; paidBy?: 'apple' };
  /** WeChat waits for the report that the virtual goods of the paid order were delivered. */
  awaitsDelivery?: true;
}

/**
 * A refund as WeChat reports it. Amounts are fen. `totalFen` is the amount of the order.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071041
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791865
 */
export interface WechatRefund {
  mchId: string;
  outTradeNo: string;
  transactionId: string;
  outRefundNo: string;
  refundId: string;
  status: 'PROCESSING' | 'SUCCESS' | 'CLOSED' | 'ABNORMAL';
  amountFen: number;
  totalFen: number;
  /** Time of success (ISO 8601). WeChat can omit this field. */
  successAt?: string;
}

/**
 * The arguments of `wx.requestPayment` and `getBrandWCPayRequest`. `timeStamp` is epoch seconds as a string.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012365339
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012365341
 */
export interface JsapiPayment {
  appId: string;
  timeStamp: string;
  nonceStr: string;
  package: string;
  signType: 'RSA' | 'MD5' | 'HMAC-SHA256';
  paySign: string;
}

/**
 * The arguments of `wx.requestVirtualPayment`. The client must pass `signData` as the text that it is.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export interface VirtualPayment {
  mode: 'short_series_goods';
  signData: string;
  paySig: string;
  signature: string;
}

/** The part of an order that a query needs. */
export type OrderRef = Pick<Order, 'outTradeNo' | 'appId' | 'mchId' | 'openId' | 'env'>;

/** The calls to WeChat Pay that create orders, in API v3 and v2. An order of virtual payment is created by the client. */
export interface CreateApi {
  /**
   * Creates the order, or repeats its creation. Every field comes from the stored order, so that a repeat is identical.
   * @returns the payment handle: prepay_id (JSAPI), code_url (NATIVE) or h5_url (H5)
   */
  create(order: Order): Promise<string>;
  /** Signs a prepay_id for the client. A valid prepay_id can be signed any number of times. */
  signPayment(order: Order, prepayId: string): JsapiPayment;
}

/** The calls to WeChat Pay about orders, in each protocol. An order keeps its protocol. */
export interface PayApi {
  /** Queries an order. @throws NOT_FOUND when WeChat has no such order */
  query(order: OrderRef): Promise<Verified<Transaction>>;
  /**
   * Closes an order. Closing twice succeeds.
   * @throws ORDER_STATE_CONFLICT when the order is paid
   * @throws NOT_FOUND when WeChat has no such order
   */
  close(order: Order): Promise<void>;
  /** Reports that the virtual goods of an order were delivered. Repeating the report succeeds. Virtual payment only. */
  confirmDelivery?(order: OrderRef): Promise<void>;
}

/**
 * The calls to WeChat Pay about refunds, in each protocol. Separate from the calls about orders, because most functions
 * query no refund.
 */
export interface RefundApi {
  /** Queries a refund of an order. @throws NOT_FOUND when WeChat has no such refund */
  query(refund: Pick<Refund, 'outRefundNo' | 'refundId'>, order: Order): Promise<Verified<WechatRefund>>;
}
