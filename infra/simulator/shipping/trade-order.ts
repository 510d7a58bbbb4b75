// A paid order in the order shipping management.
import type { PayOrder, Payment } from '../pay/ledger.ts';
import { refundedAt } from '../pay/refunds.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { DeliveryType, Upload } from './upload.ts';

/** A payment in the mini-program whose money WeChat holds until the buyer has the goods. */
export interface Trade {
  order: PayOrder;
  payment: Payment;
  user: WechatUser;
  mchId: string;
  /** The shipping information that counts. */
  upload?: Upload;
  /** The time of the upload on the simulator's clock. */
  uploadedAt: number;
  /** How often the shipping was finished: 2 after the one correction. */
  finishedCount: number;
  isCorrected: boolean;
  /** Whether the merchant was reminded to ship, and the buyer to confirm the receipt. */
  isReminded: boolean;
  isBuyerReminded: boolean;
  /** The merchant's report about the order before the shipping. */
  special?: SpecialOrder;
  received?: { at: number; method: ReceiptMethod };
  settledAt?: number;
  /** Whether the settlement of a received order waits. */
  isHeld: boolean;
}

/** A presale, shipped at `shipsAt` (epoch ms), or a test order, which is never shipped. */
export type SpecialOrder = { kind: 'presale'; shipsAt: number } | { kind: 'test' };

export const AUTOMATIC = 1;
export const BY_BUYER = 2;
export type ReceiptMethod = typeof AUTOMATIC | typeof BY_BUYER;

export const TO_SHIP = 1;
const SHIPPED = 2;
const RECEIVED = 3;
const COMPLETE = 4;
const REFUNDED = 5;
const SETTLING = 6;

const DAY_MS = 86_400_000;
/** Days until WeChat confirms the receipt by itself, by the kind of delivery. */
const RECEIPT_DAYS: Record<DeliveryType, number> = { 1: 10, 2: 2, 3: 2, 4: 2 };

/** Starts the trade of a paid order. */
export function newTrade(about: Pick<Trade, 'order' | 'payment' | 'user' | 'mchId'>): Trade {
  const never = { isCorrected: false, isReminded: false, isBuyerReminded: false, isHeld: false };
  return { ...about, ...never, uploadedAt: 0, finishedCount: 0 };
}

/**
 * The `order_state` of WeChat.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
 */
export function stateOf(trade: Trade): number {
  if (isRefunded(trade)) return REFUNDED;
  if (trade.settledAt !== undefined) return COMPLETE;
  if (trade.received) return trade.isHeld ? SETTLING : RECEIVED;
  return trade.upload?.isFinal ? SHIPPED : TO_SHIP;
}

/** The refunds of a payment that have arrived (fen). */
export function refundedFen({ refunds }: PayOrder): number {
  return refunds.reduce((sum, refund) => sum + (refundedAt(refund) === undefined ? 0 : refund.terms.refundFen), 0);
}

/** Whether the whole payment was refunded. */
export function isRefunded({ order }: Trade): boolean {
  return refundedFen(order) === order.terms.totalFen;
}

/** When WeChat confirms the receipt by itself (epoch ms). A correction starts the days again. */
export function estimatedAt({ upload, uploadedAt }: Trade): number {
  return uploadedAt + RECEIPT_DAYS[upload?.type ?? 1] * DAY_MS;
}

/** Epoch seconds, as WeChat writes times. */
export function seconds(atMs: number): number {
  return Math.floor(atMs / 1_000);
}
