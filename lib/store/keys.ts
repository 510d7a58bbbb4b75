/**
 * The whole key map. Nobody else builds a key.
 *
 * An order lives in its owner's partition and its number begins with the owner's id, so that one number is enough to
 * find it, the owner's list is a plain query of the table, and nobody can read somebody else's order by its number.
 */
export interface Key {
  pk: string;
  sk: string;
}

/** Characters of an account id; an order number begins with as many. */
export const ACCOUNT_ID_LENGTH = 16;

export const keys = {
  account: (accountId: string): Key => ({ pk: `ACCOUNT#${accountId}`, sk: 'ACCOUNT' }),
  order: (outTradeNo: string): Key => ({
    pk: `ACCOUNT#${outTradeNo.slice(0, ACCOUNT_ID_LENGTH)}`,
    sk: `ORDER#${outTradeNo}`,
  }),
  identity: (appId: string, openId: string): Key => ({ pk: `IDENTITY#${appId}#${openId}`, sk: 'IDENTITY' }),
  session: (sid: string): Key => ({ pk: `SESSION#${sid}`, sk: 'SESSION' }),
  ticket: (ticket: string): Key => ({ pk: `TICKET#${ticket}`, sk: 'TICKET' }),
  platformToken: (appId: string, kind: string): Key => ({ pk: `TOKEN#${appId}#${kind}`, sk: 'TOKEN' }),
  price: (sku: string): Key => ({ pk: `PRICE#${sku}`, sk: 'PRICE' }),
  payMismatch: (transactionId: string): Key => ({ pk: `MISMATCH#${transactionId}`, sk: 'MISMATCH' }),
  payNotice: (id: string): Key => ({ pk: `NOTICE#${id}`, sk: 'NOTICE' }),
};

/** The index of items that somebody must come back to: name and shards. */
export const DUE_INDEX = 'due';
const DUE_SHARDS = 8;

/** Index entry of an order that is due at `atMs`, spread over the shards by the last character of its number. */
export function dueEntry(outTradeNo: string, atMs: number): { duePk: string; dueSk: string } {
  const shard = outTradeNo.charCodeAt(outTradeNo.length - 1) % DUE_SHARDS;
  return { duePk: `DUE#${shard}`, dueSk: `${new Date(atMs).toISOString()}#${outTradeNo}` };
}
