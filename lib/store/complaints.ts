import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';
import { putVersioned } from './versioned-items.ts';

/** The API of a complaint: API v3 for orders of a merchant number, or virtual payment. */
export type ComplaintApiName = 'v3' | 'virtual';

/**
 * A complaint of a buyer about an order of the merchant. The item holds what an operator must know in time, and neither
 * the buyer's words nor the buyer's phone: those are read at WeChat on demand. Times are ISO 8601 unless named `…Ms`.
 */
export interface Complaint {
  complaintId: string;
  /** The API that has the complaint; absent for API v3. */
  api?: Exclude<ComplaintApiName, 'v3'>;
  /** Incremented by each write, for optimistic locking. */
  revision: number;
  /** Time of the first notification, or of the list that contained the complaint. */
  reportedAt: string;
  /** The last reported action, such as `CREATE_COMPLAINT`. */
  actionType?: string;
  /** WeChat's details; absent until they were fetched for the first time. */
  details?: ComplaintDetails;
  /** Numbers of the orders in the details that are orders here, not of another system of the merchant. */
  ownOrderNos?: string[];
  /** Since when the complaint waits for an answer of the merchant; absent while it does not wait. */
  waitingSince?: string;
  /** When the metric last counted the waiting complaint. */
  countedAt?: string;
}

/** The stored part of a complaint at WeChat. */
export interface ComplaintDetails {
  state: 'PENDING' | 'PROCESSING' | 'PROCESSED';
  complainedAt: string;
  mchId: string;
  /** Orders of another system of the merchant are included. */
  orders: { outTradeNo: string; transactionId: string; amountFen: number }[];
  /** Whether the buyer wrote after the last answer of the merchant. */
  buyerWaits: boolean;
  isRefundedInFull: boolean;
  problemType?: string;
  refundFen?: number;
  /** How often the buyer complained about this order. */
  times: number;
  inPlatformService: boolean;
}

/** Reads a complaint. */
export function readComplaint(
  table: Table,
  complaintId: string,
  consistency: 'eventual' | 'strong',
): Promise<Complaint | undefined> {
  return getItem(table, keys.complaint(complaintId), consistency);
}

/**
 * Writes a complaint in place of the one that was read.
 * @param seen the complaint as it was read; undefined if the table had none
 * @param followUpAtMs when to look at the complaint again (epoch ms), or undefined for never
 * @returns the written complaint; undefined on a version conflict: the caller reads again and decides again
 */
export function writeComplaint(
  table: Table,
  seen: Complaint | undefined,
  next: Omit<Complaint, 'revision'>,
  followUpAtMs: number | undefined,
): Promise<Complaint | undefined> {
  const { complaintId } = next;
  const followUp = { kind: 'complaint' as const, no: complaintId, atMs: followUpAtMs };
  return putVersioned(table, { key: keys.complaint(complaintId), followUp }, seen, next);
}
