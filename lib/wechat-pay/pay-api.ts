import type { Order } from '../store/orders.ts';
import type { Verified } from './verified.ts';

/** An order as WeChat reports it, in a notification or the answer to a query (pay 2.5, 4.4, 5.4, 5.7). Amounts are fen. */
export interface Transaction {
  appId: string;
  mchId: string;
  outTradeNo: string;
  tradeState: string;
  /** Present once money has moved; `paidAt` is ISO 8601. */
  payment?: { transactionId: string; paidAt: string; amountFen: number; currency: string };
}

/** A refund as WeChat reports it (pay 2.7, 4.5, 5.5, 5.8). Amounts are fen, `totalFen` is the amount of the order. */
export interface WechatRefund {
  mchId: string;
  outTradeNo: string;
  transactionId: string;
  outRefundNo: string;
  refundId: string;
  status: 'PROCESSING' | 'SUCCESS' | 'CLOSED' | 'ABNORMAL';
  amountFen: number;
  totalFen: number;
  /** ISO 8601; only with SUCCESS. */
  successAt?: string;
}

/** What a client hands to `wx.requestPayment` or `getBrandWCPayRequest` (pay 3.1, 3.6): the seconds are text. */
export interface JsapiPayment {
  appId: string;
  timeStamp: string;
  nonceStr: string;
  package: string;
  signType: 'RSA' | 'MD5' | 'HMAC-SHA256';
  paySign: string;
}

/** The calls that flows make to WeChat Pay, in either protocol. An order keeps the protocol that created it. */
export interface PayApi {
  /**
   * Creates the order, or repeats its creation: every field comes from the stored order, so that a repeat is identical.
   * @returns the payment handle: prepay_id (JSAPI), code_url (NATIVE) or h5_url (H5)
   */
  create(order: Order): Promise<string>;
  /** Signs a prepay_id for the client; it may be done again while the prepay_id lives. */
  signPayment(order: Order, prepayId: string): JsapiPayment;
  /** @throws NOT_FOUND when WeChat has no such order */
  query(order: Order): Promise<Verified<Transaction>>;
  /** Closing twice is fine. @throws ORDER_STATE_CONFLICT when it is paid, NOT_FOUND when WeChat has no such order */
  close(order: Order): Promise<void>;
  /** @throws NOT_FOUND when WeChat has no such refund */
  queryRefund(refund: { outRefundNo: string }): Promise<Verified<WechatRefund>>;
}
