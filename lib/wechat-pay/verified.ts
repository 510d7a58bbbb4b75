declare const verified: unique symbol;

/**
 * A value from a message whose WeChat Pay signature was verified. Only the clients, the openers of notifications and
 * the readers in this module create values of this type. Every consumer of money data requires this type.
 */
export type Verified<Value> = Value & { readonly [verified]: true };
