declare const verified: unique symbol;

/**
 * A value that WeChat Pay signed, after the signature was checked. Only the clients, the openers of notifications and
 * the readers in this module produce one; a consumer of money data requires it.
 */
export type Verified<Value> = Value & { readonly [verified]: true };
