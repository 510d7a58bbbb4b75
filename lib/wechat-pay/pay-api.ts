import type { Order } from '../store/orders.ts';
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
  /** Present once the order is paid. `paidAt` is ISO 8601. */
  payment?: { transactionId: string; paidAt: string; amountFen: number; currency: string };
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

/** The calls to WeChat Pay about orders, in either protocol. An order keeps the protocol that created it. */
export interface PayApi {
  /**
   * Creates the order, or repeats its creation. Every field comes from the stored order, so that a repeat is identical.
   * @returns the payment handle: prepay_id (JSAPI), code_url (NATIVE) or h5_url (H5)
   */
  create(order: Order): Promise<string>;
  /** Signs a prepay_id for the client. A valid prepay_id can be signed any number of times. */
  signPayment(order: Order, prepayId: string): JsapiPayment;
  /** Queries an order. @throws NOT_FOUND when WeChat has no such order */
  query(order: Order): Promise<Verified<Transaction>>;
  /**
   * Closes an order. Closing twice succeeds.
   * @throws ORDER_STATE_CONFLICT when the order is paid
   * @throws NOT_FOUND when WeChat has no such order
   */
  close(order: Order): Promise<void>;
}

/**
 * The calls to WeChat Pay about refunds, in either protocol. Separate from the calls about orders, because most
 * functions query no refund.
 */
export interface RefundApi {
  /** Queries a refund. @throws NOT_FOUND when WeChat has no such refund */
  query(refund: { outRefundNo: string }): Promise<Verified<WechatRefund>>;
}
