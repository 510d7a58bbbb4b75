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
  price: (sku: string): Key => ({ pk: `PRICE#${sku}`, sk: 'PRICE' }),
  claim: (source: string, id: string): Key => ({ pk: `CLAIM#${source}#${id}`, sk: 'CLAIM' }),
  payMismatch: (transactionId: string): Key => ({ pk: `MISMATCH#${transactionId}`, sk: 'MISMATCH' }),
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

/** Shards of the index `due`: items that somebody must come back to. */
const DUE_SHARDS = 8;

/** Index entry of an order that is due at `atMs`, spread over the shards by the last character of its number. */
export function dueEntry(outTradeNo: string, atMs: number): { duePk: string; dueSk: string } {
  const shard = outTradeNo.charCodeAt(outTradeNo.length - 1) % DUE_SHARDS;
  return { duePk: `DUE#${shard}`, dueSk: `${new Date(atMs).toISOString()}#${outTradeNo}` };
}
