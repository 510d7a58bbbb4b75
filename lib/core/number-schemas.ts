import * as v from 'valibot';

/**
 * The number of an order: a number that no order can have would be an invalid key of the table.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
 */
export const orderNumber = numberOf(32);

/**
 * The number of a refund.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 */
export const refundNumber = numberOf(64);

function numberOf(maxLength: number) {
  const message = `1 to ${maxLength} of 0-9 A-Z a-z _ - | * @`;
  return v.pipe(v.string(message), v.regex(/^[0-9A-Za-z_\-|*@]+$/, message), v.maxLength(maxLength, message));
}
