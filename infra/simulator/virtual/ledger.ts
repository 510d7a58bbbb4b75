// The orders of virtual payment, their refunds and complaints.
import type { Complaint } from '../pay/complaint-log.ts';
import type { WechatUser } from '../wechat-users.ts';

export const LIVE = 0;
export const SANDBOX = 1;
/** The `env` of WeChat: 0 live, 1 sandbox. */
export type Env = typeof LIVE | typeof SANDBOX;

/** The goods of an order: `quantity` goods of one kind. */
export interface Purchase {
  productId: string;
  unitFen: number;
  quantity: number;
}

export interface VirtualOrder {
  env: Env;
  outTradeNo: string;
  /** The number that virtual payment gave the order: `VPO…`. */
  wxOrderId: string;
  token: string;
  user: WechatUser;
  purchase: Purchase;
  attach: string;
  createdAt: number;
  isClosed: boolean;
  payment?: VirtualPayment;
  /** When the merchant confirmed the delivery. */
  providedAt?: number;
  /** Oldest first. */
  refunds: VirtualRefund[];
}

interface VirtualPayment {
  paidAt: number;
  /** The number of the payment channel. */
  channelOrderId: string;
  /** The number of WeChat Pay; absent for a payment by Apple. */
  wxpayOrderId?: string;
}

export interface VirtualRefund {
  order: VirtualOrder;
  /** The number that the merchant gave the refund; absent for a refund by the console or by Apple. */
  refundOrderId?: string;
  /** The number that virtual payment gave the refund. */
  wxRefundId: string;
  /** The refund number of WeChat Pay; empty for Apple. */
  wxpayRefundId: string;
  amountFen: number;
  createdAt: number;
  state: 'running' | 'done' | 'failed';
  endedAt?: number;
}

/** A complaint about an order of virtual payment. */
export interface VirtualComplaint extends Pick<
  Complaint,
  'complaintId' | 'createdAt' | 'text' | 'phone' | 'refundFen' | 'state' | 'history'
> {
  order: VirtualOrder;
}

const CREATED = 1;
const PAID = 2;
const DELIVERED = 4;
const REFUNDED = 5;
const CLOSED = 6;
const REFUND_FAILED = 7;
const REFUND_DONE = 8;

/** The amount of an order (fen). */
export function totalFen({ purchase: { unitFen, quantity } }: VirtualOrder): number {
  return unitFen * quantity;
}

/** The amount that can still be refunded (fen): `left_fee`. A failed refund gives its amount back. */
export function leftFen(order: VirtualOrder): number {
  const refunded = order.refunds.filter(({ state }) => state !== 'failed');
  return order.payment ? totalFen(order) - refunded.reduce((sum, { amountFen }) => sum + amountFen, 0) : 0;
}

/** The refunds of an order that have arrived (fen). */
export function refundedFen({ refunds }: VirtualOrder): number {
  return refunds.reduce((sum, { state, amountFen }) => sum + (state === 'done' ? amountFen : 0), 0);
}

/**
 * The `status` of an order. WeChat does not document the status of an order that is refunded in part.
 * @param refundedInPart whether such an order has the status of a refunded one
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_query_order
 */
export function statusOfOrder(order: VirtualOrder, refundedInPart = false): number {
  if (!order.payment) return order.isClosed ? CLOSED : CREATED;
  const refunded = refundedFen(order);
  if (refunded === totalFen(order) || (refundedInPart && refunded > 0)) return REFUNDED;
  return order.providedAt === undefined ? PAID : DELIVERED;
}

/** The `status` of a refund. */
export function statusOfRefund({ state }: VirtualRefund): number {
  return { running: CREATED, done: REFUND_DONE, failed: REFUND_FAILED }[state];
}

/** The number of the payment: of WeChat Pay, or of virtual payment for a payment by Apple. */
export function transactionIdOf({ payment, wxOrderId }: VirtualOrder): string {
  return payment?.wxpayOrderId ?? wxOrderId;
}

/** Whether Apple took the payment. */
export function isPaidByApple({ payment }: VirtualOrder): boolean {
  return payment !== undefined && payment.wxpayOrderId === undefined;
}
