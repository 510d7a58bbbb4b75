import type { RefundStatus } from './ledger.ts';

export const BILL_TYPES = ['ALL', 'SUCCESS', 'REFUND'] as const;
export type BillType = (typeof BILL_TYPES)[number];

/** A row of a bill: a payment or a refund. */
export interface BillRow {
  at: number;
  appId: string;
  transactionId: string;
  outTradeNo: string;
  openId: string;
  tradeType: string;
  description: string;
  attach: string;
  deviceId: string;
  /** The amount of the refund if `refund` is set, else of the payment. */
  amountFen: number;
  /** The part of the amount that WeChat Pay settles: without coupons of the merchant. */
  settledFen: number;
  /** The payment was revoked. Only payments by payment code can be revoked. */
  isRevoked?: boolean;
  refund?: { refundId: string; outRefundNo: string; status: RefundStatus; createdAt: number; successAt?: number };
}
