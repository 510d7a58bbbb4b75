// Forms that both protocols prescribe.

/** N1 of pay 2.1. */
export const outTradeNoPattern = /^[0-9A-Za-z_\-|*]{6,32}$/;
/** N2 of pay 2.1. */
export const outRefundNoPattern = /^[0-9A-Za-z_\-|*@]{1,64}$/;
/** A local receiver may speak http; everybody else needs https, and nobody may use a query. */
export const notifyUrlPattern = /^(https:\/\/[^\s?#/]+|http:\/\/(localhost|127\.0\.0\.1)(:\d+)?)(\/[^\s?#]*)?$/;
