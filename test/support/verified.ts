import type { Verified } from '../../lib/wechat-pay/verified.ts';

/** Marks what a test makes up as signed by WeChat Pay, for flows that start after the signature was checked. */
export function asVerified<Value>(value: Value): Verified<Value> {
  return value as Verified<Value>;
}
