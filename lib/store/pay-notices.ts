import { putOnce } from './attempt.ts';
import { keys } from './keys.ts';
import { queryAll, type Table } from './table.ts';

/** A genuine payment or refund that does not match the ledger, for an operator to resolve. */
export interface PayMismatch {
  transactionId: string;
  /** Present for a refund only. */
  refundId?: string;
  outTradeNo: string;
  /** Names of the differing fields, or another reason such as `unknown order`. */
  reasons: string[];
  seenAt: string;
}

/** A genuine notification that no flow handles, with the beginning of its content. */
export interface PayNotice {
  id: string;
  eventType: string;
  /** Why no flow handles the notification, such as `form`. */
  reason: string;
  content: string;
  seenAt: string;
  /** Epoch seconds; also the TTL, because the content can be personal. */
  expiresAt: number;
}

/** A notice of WeChat that it limits the payments of an app. The item is the outbox entry of its event. */
export interface PayLimit {
  appId: string;
  pushId: string;
  /** WeChat's sentence. */
  message: string;
  /** Whether WeChat's signature covers the content of the push. */
  verified: boolean;
  /** CreateTime of the push (ISO 8601). */
  at: string;
  /** Time of its arrival. */
  seenAt: string;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
}

/** Records a mismatch once, even if WeChat repeats its message. @returns whether this call recorded the mismatch */
export async function recordMismatch(table: Table, mismatch: PayMismatch): Promise<boolean> {
  const { outTradeNo, refundId, transactionId } = mismatch;
  return putOnce(table, { ...keys.payMismatch(outTradeNo, refundId ?? transactionId), ...mismatch }, 'seenAt');
}

/** Lists the mismatches of an order number. */
export function listMismatches(table: Table, outTradeNo: string): Promise<PayMismatch[]> {
  return queryAll(table, keys.payMismatch(outTradeNo, ''), 'strong');
}

/** Stores a notification once. @returns whether this call stored the notification */
export async function recordNotice(table: Table, notice: PayNotice): Promise<boolean> {
  return putOnce(table, { ...keys.payNotice(notice.id), ...notice }, 'seenAt');
}

/** Stores a notice of limited payments once. @returns whether this call stored the notice */
export async function recordPayLimit(table: Table, limit: PayLimit): Promise<boolean> {
  return putOnce(table, { ...keys.payLimit(limit.appId, limit.pushId), ...limit }, 'seenAt');
}
