// The orders of the merchant and their refunds, the same for API v3 and API v2.
import type { SignType } from './v2/sign.ts';

export type TradeType = 'JSAPI' | 'NATIVE' | 'MWEB';
export type TradeState = 'NOTPAY' | 'SUCCESS' | 'REFUND' | 'CLOSED';

/** The terms of an order, independent of the protocol that created it. */
export interface OrderTerms {
  tradeType: TradeType;
  appId: string;
  outTradeNo: string;
  description: string;
  totalFen: number;
  notifyUrl: string;
  attach?: string;
  deviceId?: string;
  payerOpenId?: string;
  /** The IP address of the payer, according to the merchant. */
  payerAddress?: string;
  /** On the merchant's clock: real time, in epoch ms. */
  expiresAt?: number;
  /** Orders of API v2 only: the sign type, and whether the request named it. */
  v2?: { signType: SignType; named: boolean };
  /** The whole request: a repeated request must equal it. */
  sent: object;
}

export interface PayOrder {
  terms: OrderTerms;
  createdAt: number;
  /** Deadline for the payment, on the virtual clock. */
  payableUntil: number;
  closed: boolean;
  /** Native and H5: the first user who opened the payment sheet, and the only one who can pay. */
  payerId?: string;
  payment?: Payment;
  /** Oldest first. */
  refunds: Refund[];
}

export interface Payment {
  transactionId: string;
  paidAt: number;
  openId: string;
  /** The part of the amount that a coupon of the merchant paid. WeChat Pay does not settle this part. */
  couponFen: number;
}

/** The settled part of an amount of the order: the payment, or a refund of it. */
export function settledFen({ terms, payment }: Pick<PayOrder, 'terms' | 'payment'>, fen: number): number {
  return fen - Math.floor((fen * (payment?.couponFen ?? 0)) / terms.totalFen);
}

export type RefundStatus = 'PROCESSING' | FinalStatus;
export type FinalStatus = (typeof FINAL_STATUSES)[number];

export const FINAL_STATUSES = ['SUCCESS', 'CLOSED', 'ABNORMAL'] as const;

/** The terms of a refund, independent of its source. */
export interface RefundTerms {
  outRefundNo: string;
  refundFen: number;
  /** The total of the order according to the request. */
  totalFen: number;
  reason?: string;
  notifyUrl?: string;
  fundsAccount?: string;
  source: 'API' | 'VENDOR_PLATFORM';
  /** Requested in API v2, which also notifies its outcome. */
  v2?: true;
  /** The whole request: a repeated request must equal it. */
  sent: object;
}

export interface Refund {
  order: PayOrder;
  terms: RefundTerms;
  refundId: string;
  createdAt: number;
  /** Never empty; the last entry is the current status. */
  history: { status: RefundStatus; at: number }[];
}
