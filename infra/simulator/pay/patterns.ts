// Patterns that apply to API v3 and API v2.

/** N1 of pay 2.1. */
export const outTradeNoPattern = /^[0-9A-Za-z_\-|*]{6,32}$/;
/** N2 of pay 2.1. */
export const outRefundNoPattern = /^[0-9A-Za-z_\-|*@]{1,64}$/;
/** https without a query. Plain http is accepted for a local receiver only. */
export const notifyUrlPattern = /^(https:\/\/[^\s?#/]+|http:\/\/(localhost|127\.0\.0\.1)(:\d+)?)(\/[^\s?#]*)?$/;
