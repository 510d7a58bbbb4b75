import type { Order } from '../store/orders.ts';

/** A payment as WeChat tells it, in a notification or a query (pay 2.5, 4.4, 5.4, 5.7). Amounts are fen. */
export interface Transaction {
  appId: string;
  mchId: string;
  outTradeNo: string;
  tradeState: string;
  /** Present once money has moved; `paidAt` is ISO 8601. */
  payment?: { transactionId: string; paidAt: string; amountFen: number; currency: string };
}

/** A refund as WeChat tells it (pay 2.7, 4.5, 5.5, 5.8). Amounts are fen, `totalFen` is what the order cost. */
export interface RefundFact {
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

/** What the flows ask of WeChat Pay, in either of its protocols. Each order keeps the one that it was made by. */
export interface PayApi {
  /**
   * Creates the order, or repeats it: everything comes from the stored order, so that a repeat is identical.
   * @returns prepay_id (JSAPI), code_url (NATIVE) or h5_url (H5)
   */
  create(order: Order): Promise<string>;
  /** Signs a prepay_id for the client; it may be done again while the prepay_id lives. */
  signPayment(order: Order, prepayId: string): JsapiPayment;
  /** @throws NOT_FOUND when WeChat has no such order */
  query(order: Order): Promise<Transaction>;
  /** Closing twice is fine. @throws ORDER_STATE_CONFLICT when it is paid, NOT_FOUND when WeChat has no such order */
  close(order: Order): Promise<void>;
  /** @throws NOT_FOUND when WeChat has no such refund */
  queryRefund(refund: { outRefundNo: string }): Promise<RefundFact>;
}
