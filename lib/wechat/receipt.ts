import { AppError } from '../core/errors.ts';
import type { PlatformDeps } from './client.ts';
import { errcodeOf } from './platform-error.ts';
import { callShipping, type ShippingAccess } from './shipping-call.ts';

const NOT_SHIPPED = 10060028;
const BEFORE_SHIPPING = 10060029;
const REMINDED_BEFORE = 10060030;
const NOT_EXPRESS = 10060032;
const UNKNOWN_PAYMENT = 10060001;

/**
 * Reports that a carrier delivered an express order, so that WeChat asks the buyer to confirm the receipt. WeChat accepts
 * one report per order; a further report has no effect.
 * @param receivedAtMs time of the delivery (epoch ms), after the shipping
 * @throws PARAM_ERROR for a time before the shipping; ORDER_STATE_CONFLICT for an order that WeChat does not have as a
 * shipped express order
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export async function notifyReceipt(
  deps: PlatformDeps,
  { transactionId, receivedAtMs, ...access }: ShippingAccess & { transactionId: string; receivedAtMs: number },
): Promise<void> {
  const body = { transaction_id: transactionId, received_time: Math.floor(receivedAtMs / 1_000) };
  try {
    await callShipping(deps, access, '/wxa/sec/order/notify_confirm_receive', body);
  } catch (error) {
    const { cause } = error as AppError;
    switch (errcodeOf(error)) {
      case REMINDED_BEFORE:
        return;
      case BEFORE_SHIPPING:
        throw new AppError('PARAM_ERROR', 'receivedAt: must be after the shipping', { cause });
      case NOT_SHIPPED:
      case UNKNOWN_PAYMENT:
        throw new AppError('ORDER_STATE_CONFLICT', 'WeChat does not have this order as shipped', { cause });
      case NOT_EXPRESS:
        throw new AppError('ORDER_STATE_CONFLICT', 'WeChat does not have this order as an express order', { cause });
      default:
        throw error;
    }
  }
}
