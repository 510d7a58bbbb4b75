import { beijingDate } from '../core/beijing-time.ts';

/**
 * The whole key map. Nobody else builds a key.
 *
 * An order lives in its owner's partition and its number begins with the owner's id, so that one number is enough to
 * find it, and the owner's list is a plain query of the table.
 */
export interface Key {
  pk: string;
  sk: string;
}

/** Characters of an account id; an order number begins with as many. */
export const ACCOUNT_ID_LENGTH = 16;

export const keys = {
  account: (accountId: string): Key => ({ pk: `ACCOUNT#${accountId}`, sk: 'ACCOUNT' }),
  order: (outTradeNo: string): Key => ({ pk: `ACCOUNT#${ownerOf(outTradeNo)}`, sk: `ORDER#${outTradeNo}` }),
  identity: (appId: string, openId: string): Key => ({ pk: `IDENTITY#${appId}#${openId}`, sk: 'IDENTITY' }),
  union: (unionId: string): Key => ({ pk: `UNION#${unionId}`, sk: 'UNION' }),
  phone: (e164: string): Key => ({ pk: `PHONE#${e164}`, sk: 'PHONE' }),
  merge: (intoId: string, fromId: string): Key => ({ pk: `ACCOUNT#${intoId}`, sk: `MERGE#${fromId}` }),
  userToken: (appId: string, openId: string): Key => ({ pk: `USERTOKEN#${appId}#${openId}`, sk: 'USERTOKEN' }),
  session: (sid: string): Key => ({ pk: `SESSION#${sid}`, sk: 'SESSION' }),
  ticket: (ticket: string): Key => ({ pk: `TICKET#${ticket}`, sk: 'TICKET' }),
  platformToken: (appId: string, kind: string): Key => ({ pk: `TOKEN#${appId}#${kind}`, sk: 'TOKEN' }),
  rate: (counter: string, window: string): Key => ({ pk: `RATE#${counter}#${window}`, sk: 'RATE' }),
  refund: (outRefundNo: string): Key => ({ pk: `REFUND#${outRefundNo}`, sk: 'REFUND' }),
  wallet: (accountId: string): Key => ({ pk: `WALLET#${accountId}`, sk: 'WALLET' }),
  walletEntry: (accountId: string, id: string): Key => ({ pk: `WALLET#${accountId}`, sk: `ENTRY#${id}` }),
  price: (sku: string): Key => ({ pk: `PRICE#${sku}`, sk: 'PRICE' }),
  claim: (source: string, id: string): Key => ({ pk: `CLAIM#${source}#${id}`, sk: 'CLAIM' }),
  /** By the transaction_id of a payment, or the refund_id of a refund. */
  payMismatch: (id: string): Key => ({ pk: `MISMATCH#${id}`, sk: 'MISMATCH' }),
  certificates: (mchId: string): Key => ({ pk: `PAYKEYS#${mchId}`, sk: 'CERTIFICATES' }),
  bill: (date: string): Key => ({ pk: `BILL#${date}`, sk: 'BILL' }),
  billDifference: (date: string, kind: string, no: string): Key => ({ pk: `BILL#${date}`, sk: `DIFF#${kind}#${no}` }),
  payNotice: (id: string): Key => ({ pk: `NOTICE#${id}`, sk: 'NOTICE' }),
};

/** Where the orders of one account are; `sk` is how theirs begin. */
export function ordersOf(accountId: string): Key {
  return { ...keys.account(accountId), sk: 'ORDER#' };
}

/** The account whose order this is, by its number; nobody's if the number is none of ours. */
export function ownerOf(outTradeNo: string): string {
  return /^[0-9a-z]{32}$/.test(outTradeNo) ? outTradeNo.slice(0, ACCOUNT_ID_LENGTH) : '-';
}

/** The part of an order number behind its owner: it grows with time, whoever the owner is. */
export function ageOf(outTradeNo: string): string {
  return outTradeNo.slice(ACCOUNT_ID_LENGTH);
}

const SHARDS = 8;

/** How the partitions of the index begin that hold what somebody must come back to. */
export const DUE = 'DUE#';
export const DUE_PARTITIONS = Array.from({ length: SHARDS }, (_, shard) => `${DUE}${shard}`);

/** Index entry of an order or a refund that is due at `atMs`, spread over the partitions. */
export function dueEntry(no: string, atMs: number): { duePk: string; dueSk: string } {
  return { duePk: DUE_PARTITIONS[shardOf(no)]!, dueSk: `${new Date(atMs).toISOString()}#${no}` };
}

/** The partitions of the index that hold what was paid on a day of Beijing (`yyyy-mm-dd`), for the bill of that day. */
export function paidPartitions(date: string): string[] {
  return Array.from({ length: SHARDS }, (_, shard) => `PAID#${date}#${shard}`);
}

/** Index entry of an order that was paid at `paidAt` (ISO 8601). */
export function paidEntry(outTradeNo: string, paidAt: string): { duePk: string; dueSk: string } {
  return { duePk: paidPartitions(beijingDate(Date.parse(paidAt)))[shardOf(outTradeNo)]!, dueSk: outTradeNo };
}

function shardOf(no: string): number {
  return no.charCodeAt(no.length - 1) % SHARDS;
}
