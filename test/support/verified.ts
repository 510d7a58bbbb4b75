import { markVerified, type Verified } from '../../lib/wechat-pay/verified.ts';

/** Marks a copy of a made-up value as verified, for flows that start after the signature check. */
export function asVerified<Value extends object>(value: Value): Verified<Value> {
  return markVerified({ ...value });
}
