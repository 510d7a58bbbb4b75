import { beijingDate } from '../core/beijing-time.ts';

/**
 * The primary key of an item. Only this file builds keys.
 *
 * All orders of an owner share one partition, and the number of an order begins with the id of its owner. The number
 * therefore yields the key of the order, and one query of the partition lists the orders of the owner. The partition is
 * not that of the account, because IAM grants access by partition key: functions that change accounts only cannot write
 * orders.
 */
export interface Key {
  pk: string;
  sk: string;
}

/** Length of an account id, with which an order number begins. */
export const ACCOUNT_ID_LENGTH = 16;

/** The beginning of the keys of all prices. One query lists the catalogue. */
export const PRICES: Key = { pk: 'CATALOG#PRICES', sk: 'PRICE#' };

export const keys = {
  account: (accountId: string): Key => ({ pk: `ACCOUNT#${accountId}`, sk: 'ACCOUNT' }),
  order: (outTradeNo: string): Key => ({ ...ordersOf(ownerOf(outTradeNo)), sk: `ORDER#${outTradeNo}` }),
  identity: (appId: string, openId: string): Key => ({ pk: `IDENTITY#${appId}#${openId}`, sk: 'IDENTITY' }),
  union: (unionId: string): Key => ({ pk: `UNION#${unionId}`, sk: 'UNION' }),
  phone: (e164: string): Key => ({ pk: `PHONE#${e164}`, sk: 'PHONE' }),
  /** @param codeHash a hash of the app and the code */
  phoneCode: (codeHash: string): Key => ({ pk: `PHONECODE#${codeHash}`, sk: 'PHONECODE' }),
  merge: (intoId: string, fromId: string): Key => ({ pk: `ACCOUNT#${intoId}`, sk: `MERGE#${fromId}` }),
  userToken: (appId: string, openId: string): Key => ({ pk: `USERTOKEN#${appId}#${openId}`, sk: 'USERTOKEN' }),
  session: (sid: string): Key => ({ pk: `SESSION#${sid}`, sk: 'SESSION' }),
  ticket: (ticket: string): Key => ({ pk: `TICKET#${ticket}`, sk: 'TICKET' }),
  newestScan: (appId: string, openId: string): Key => ({ pk: `SCAN#${appId}#${openId}`, sk: 'SCAN' }),
  /** A scan of a code with another scene than that of a login, such as a channel code. */
  sceneScan: (appId: string, pushId: string): Key => ({ pk: `SCENE#${appId}#${pushId}`, sk: 'SCENE' }),
  platformToken: (appId: string, kind: string): Key => ({ pk: `TOKEN#${appId}#${kind}`, sk: 'TOKEN' }),
  rate: (counter: string, window: string): Key => ({ pk: `RATE#${counter}#${window}`, sk: 'RATE' }),
  refund: (outRefundNo: string): Key => ({ pk: `REFUND#${outRefundNo}`, sk: 'REFUND' }),
  wallet: (accountId: string): Key => ({ pk: `WALLET#${accountId}`, sk: 'WALLET' }),
  walletEntry: (accountId: string, id: string): Key => ({ pk: `WALLET#${accountId}`, sk: `ENTRY#${id}` }),
  price: (sku: string): Key => ({ ...PRICES, sk: PRICES.sk + sku }),
  claim: (source: string, id: string): Key => ({ pk: `CLAIM#${source}#${id}`, sk: 'CLAIM' }),
  /** @param id the transaction_id of a payment, or the refund_id of a refund */
  payMismatch: (outTradeNo: string, id: string): Key => ({ pk: `MISMATCH#${outTradeNo}`, sk: `MISMATCH#${id}` }),
  certificates: (mchId: string): Key => ({ pk: `PAYKEYS#${mchId}`, sk: 'CERTIFICATES' }),
  bill: (date: string): Key => ({ pk: `BILL#${date}`, sk: 'BILL' }),
  billDifference: (date: string, kind: string, no: string): Key => ({ pk: `BILL#${date}`, sk: `DIFF#${kind}#${no}` }),
  upload: (accountId: string, uploadId: string): Key => ({ pk: `UPLOADS#${accountId}`, sk: `UPLOAD#${uploadId}` }),
  /** A check of content that is not finished. */
  check: (checkId: string): Key => ({ pk: `CHECK#${checkId}`, sk: 'CHECK' }),
  /** @param traceId the id that WeChat gives a check of a picture */
  trace: (traceId: string): Key => ({ pk: `TRACE#${traceId}`, sk: 'TRACE' }),
  /** A message of a user that is published, or answered after the push. */
  message: (appId: string, pushId: string): Key => ({ pk: `MESSAGE#${appId}#${pushId}`, sk: 'MESSAGE' }),
  revocation: (appId: string, pushId: string): Key => ({ pk: `REVOCATION#${appId}#${pushId}`, sk: 'REVOCATION' }),
  payNotice: (id: string): Key => ({ pk: `NOTICE#${id}`, sk: 'NOTICE' }),
  /** The shipping of a paid order. In a partition of its own, so that writers of shipments only read orders. */
  shipment: (outTradeNo: string): Key => ({
    pk: `SHIPMENTS#${ownerOf(outTradeNo)}`,
    sk: `SHIPMENT#${outTradeNo}`,
  }),
  complaint: (complaintId: string): Key => ({ pk: `COMPLAINT#${complaintId}`, sk: 'COMPLAINT' }),
  /** A notice of WeChat that the payments of an app are limited. */
  payLimit: (appId: string, pushId: string): Key => ({ pk: `PAYLIMIT#${appId}#${pushId}`, sk: 'PAYLIMIT' }),
  /** An answer of WeChat about an app, which changes rarely. */
  appFact: (appId: string, name: string): Key => ({ pk: `FACT#${appId}#${name}`, sk: 'FACT' }),
};

/** Returns the partition of the orders of an account. */
export function ordersOf(accountId: string): Pick<Key, 'pk'> {
  return { pk: `ORDERS#${accountId}` };
}

/**
 * Returns the partition of the orders of an account, and a range of its sort keys. The range holds the orders whose
 * numbers were generated at `sinceMs` (epoch ms) or later.
 */
export function ordersSince(accountId: string, sinceMs: number): { pk: string; from: string; to: string } {
  const { sk: from } = keys.order(`${accountId}${orderTime(sinceMs)}${'0'.repeat(8)}`);
  return { ...ordersOf(accountId), from, to: keys.order(accountId + 'z'.repeat(ACCOUNT_ID_LENGTH)).sk };
}

/** Returns the part of an order number that holds its time (epoch ms). A later time sorts after an earlier time. */
export function orderTime(atMs: number): string {
  return atMs.toString(36).padStart(8, '0');
}

/** Returns the id of the account that owns an order, from the order number, or `-` for a number in another format. */
export function ownerOf(outTradeNo: string): string {
  return /^[0-9a-z]{32}$/.test(outTradeNo) ? outTradeNo.slice(0, ACCOUNT_ID_LENGTH) : '-';
}

/**
 * Returns the part of an order number after the id of the owner. A later order has a greater value, also across owners.
 */
export function ageOf(outTradeNo: string): string {
  return outTradeNo.slice(ACCOUNT_ID_LENGTH);
}

/** Names an item that has, or may get, a scheduled follow-up. */
export interface FollowUpSubject {
  kind: 'order' | 'refund' | 'check' | 'shipment' | 'complaint';
  no: string;
}

/** Partitions of the index `follow-ups` by kind. Each accepts a thousand writes a second. */
const FOLLOW_UP_SHARDS = { order: 32, refund: 8, check: 4, shipment: 8, complaint: 2 };

/** Returns the partitions of the index `follow-ups` that hold the follow-ups of one kind. */
export function followUpPartitions(kind: FollowUpSubject['kind']): string[] {
  return Array.from({ length: FOLLOW_UP_SHARDS[kind] }, (_, shard) => followUpPartition(kind, shard));
}

function followUpPartition(kind: FollowUpSubject['kind'], shard: number): string {
  return `FOLLOWUP#${kind}#${shard}`;
}

/** Attributes that place an item into the index `follow-ups`. */
export interface FollowUpEntry {
  followUpPk: string;
  /** Begins with the time of the follow-up (ISO 8601). */
  followUpSk: string;
}

/**
 * Returns the index entry of an item that is due at `atMs` (epoch ms). The orders of an account share one
 * partition, so that one account cannot fill the others.
 */
export function followUpEntry({ kind, no }: FollowUpSubject, atMs: number): FollowUpEntry {
  const shard = shardOf(kind === 'order' ? ownerOf(no) : no, FOLLOW_UP_SHARDS[kind]);
  return { followUpPk: followUpPartition(kind, shard), followUpSk: `${new Date(atMs).toISOString()}#${no}` };
}

const PAID_SHARDS = 8;

/** Returns the partitions of the index `paid-on-day` for one day (`yyyy-mm-dd` in Beijing). */
export function paidPartitions(date: string): string[] {
  return Array.from({ length: PAID_SHARDS }, (_, shard) => `PAID#${date}#${shard}`);
}

/** Attributes that place a paid order into the index `paid-on-day`. */
export interface PaidEntry {
  paidPk: string;
  /** The order number. */
  paidSk: string;
}

/** Returns the index entry of an order that was paid at `paidAt` (ISO 8601). */
export function paidEntry(outTradeNo: string, paidAt: string): PaidEntry {
  return {
    paidPk: paidPartitions(beijingDate(Date.parse(paidAt)))[shardOf(outTradeNo, PAID_SHARDS)]!,
    paidSk: outTradeNo,
  };
}

/** Spreads texts evenly over `shards`, also texts that share their ends. */
function shardOf(text: string, shards: number): number {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return hash % shards;
}
