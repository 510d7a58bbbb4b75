import { AppError } from '../core/errors.ts';

/** A copy by spread loses the private member, so the compiler rejects an edited copy. */
declare abstract class Signed {
  private readonly verified: true;
}

/**
 * A value from a message whose WeChat Pay signature was verified. A message of virtual payment has no such signature: TLS
 * proves the host of an answer, and the encryption of the message push proves a push. Only lib/wechat-pay creates values
 * of this type. Every consumer of money data requires this type.
 */
export type Verified<Value> = Readonly<Value> & Signed;

const verified = new WeakSet<object>();

/** Marks the content of a verified message, and freezes it. */
export function markVerified<Value extends object>(value: Value): Verified<Value> {
  for (const part of Object.values(value)) Object.freeze(part);
  verified.add(Object.freeze(value));
  return value as Verified<Value>;
}

/**
 * Rejects every object that markVerified did not return. The type alone is not enough, because `any` and casts bypass
 * it.
 * @throws INTERNAL
 */
export function requireVerified(value: Verified<object>): void {
  if (!verified.has(value))
    throw new AppError('INTERNAL', 'The content is not from a message with a verified signature');
}
