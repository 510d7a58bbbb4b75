// The orders of the merchant and their refunds, the same for API v3 and API v2.
import type { SignType } from './v2/sign.ts';

export type TradeType = 'JSAPI' | 'NATIVE' | 'MWEB';
export type TradeState = 'NOTPAY' | 'SUCCESS' | 'REFUND' | 'CLOSED';

/** What an order says, whichever protocol made it. */
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
  /** Of the merchant's clock: real time, in epoch ms. */
  expiresAt?: number;
  /** Made by v2: how it was signed, and whether the request named that. */
  v2?: { signType: SignType; named: boolean };
  /** All that was sent: what a repeat must say again. */
  sent: object;
}

export interface PayOrder {
  terms: OrderTerms;
  createdAt: number;
  /** Last moment to pay, on the virtual clock. */
  payableUntil: number;
  closed: boolean;
  /** Native and H5: the first person to open the payment sheet; nobody else can pay then. */
  payerId?: string;
  payment?: Payment;
  /** Oldest first. */
  refunds: Refund[];
}

export interface Payment {
  transactionId: string;
  paidAt: number;
  openId: string;
}

export type RefundStatus = 'PROCESSING' | FinalStatus;
export type FinalStatus = (typeof FINAL_STATUSES)[number];

export const FINAL_STATUSES = ['SUCCESS', 'CLOSED', 'ABNORMAL'] as const;

/** What a refund says, whoever asked for it. */
export interface RefundTerms {
  outRefundNo: string;
  refundFen: number;
  /** What the order cost, as the one who asks has it. */
  totalFen: number;
  reason?: string;
  notifyUrl?: string;
  fundsAccount?: string;
  source: 'API' | 'VENDOR_PLATFORM';
  /** All that was sent: what a repeat must say again. */
  sent: object;
}

export interface Refund {
  order: PayOrder;
  terms: RefundTerms;
  refundId: string;
  createdAt: number;
  /** Never empty; the last one is what it is now. */
  history: { status: RefundStatus; at: number }[];
}
