// Patterns that apply to API v3 and API v2.

/**
 * The number of an order: 6 to 32 characters.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
 */
export const outTradeNoPattern = /^[0-9A-Za-z_\-|*]{6,32}$/;
/**
 * The number of a refund: 1 to 64 characters; `@` is allowed.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 */
export const outRefundNoPattern = /^[0-9A-Za-z_\-|*@]{1,64}$/;
/**
 * https without a query. Plain http is accepted for a local receiver only.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012075420
 */
export const notifyUrlPattern = /^(https:\/\/[^\s?#/]+|http:\/\/(localhost|127\.0\.0\.1)(:\d+)?)(\/[^\s?#]*)?$/;
