// A complaint, its actions, and the entries of its negotiation history.
import type { PayOrder } from './ledger.ts';

/**
 * The operator and the type of the history entry that each action leaves. The misspelt type is WeChat's.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012533439
 */
export const LOG_OF_ACTION = {
  CREATE_COMPLAINT: ['投诉人', 'USER_CREATE_COMPLAINT'],
  CONTINUE_COMPLAINT: ['投诉人', 'USER_CONTINUE_COMPLAINT'],
  USER_RESPONSE: ['投诉人', 'USER_RESPONSE'],
  USER_APPLY_PLATFORM_SERVICE: ['投诉人', 'USER_APPLY_PLATFORM_SERVICE'],
  USER_CANCEL_PLATFORM_SERVICE: ['投诉人', 'USER_CANCEL_PLATFORM_SERVICE'],
  RESPONSE_BY_PLATFORM: ['微信支付客服', 'PLATFORM_RESPONSE'],
  PLATFORM_SERVICE_FINISHED: ['微信支付客服', 'PLATFORM_SERVICE_FINISHED'],
  MERCHANT_RESPONSE: ['商户', 'MERCHANT_RESPONSE'],
  MERCHANT_CONFIRM_COMPLETE: ['商户', 'MERCHANT_CONFIRM_COMPLETE'],
  MERCHANT_APPROVE_REFUND: ['商户', 'MERCHANT_APPROVE_REFUND'],
  MERCHANT_REJECT_REFUND: ['商户', 'MERCHANT_REFUSE_RERUND'],
  SELLER_REFUND: ['系统', 'COMPLAINT_FULL_REFUNDED_SYSTEM_MESSAGE'],
  REFUND_SUCCESS: ['系统', 'COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE'],
} as const satisfies Record<string, readonly [operator: string, type: string]>;

/**
 * The actions that WeChat reports in `action_type`.
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_16.shtml
 */
export type ComplaintAction = keyof typeof LOG_OF_ACTION;

export interface NewComplaint {
  order: PayOrder;
  text: string;
  /** The number at which the buyer wants to be called. */
  phone?: string | undefined;
  /** The buyer asks for a refund of this amount; absent for other problems. */
  refundFen?: number | undefined;
}

/** The words and the pictures of one entry. */
export interface LogDetails {
  text?: string;
  /** The media ids of pictures that the merchant uploaded. */
  images?: string[];
}

interface LogEntry extends LogDetails {
  logId: string;
  at: number;
  operator: string;
  type: string;
}

export interface Complaint extends NewComplaint {
  complaintId: string;
  createdAt: number;
  state: 'PENDING' | 'PROCESSING' | 'PROCESSED';
  /** Whether the buyer wrote after the last response of the merchant. */
  buyerWaits: boolean;
  isRefundApproved: boolean;
  /** How often the buyer complained: the first time and each continuation. */
  times: number;
  inPlatformService: boolean;
  /** Oldest first. */
  history: LogEntry[];
}
