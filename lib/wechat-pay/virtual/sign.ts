import { createHmac } from 'node:crypto';
import type { Order } from '../../store/orders.ts';
import type { VirtualPayment } from '../pay-api.ts';

/** The environments of virtual payment, as numbers of WeChat. */
export const ENV_NUMBERS = { live: 0, sandbox: 1 } as const;

/** The path in the signature of a client's call. */
const CLIENT_CALL = 'requestVirtualPayment';

/**
 * Returns `pay_sig` of a call, in lower-case hex: the proof of the merchant.
 * @param path the path of a server call without its query, or the name of the client's call
 * @param body the body exactly as it is sent
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export function paySigOf(appKey: string, path: string, body: string): string {
  return hmac(appKey, `${path}&${body}`);
}

/**
 * Returns `signature` of a body, in lower-case hex: the proof of the user's session. The key is the base64 text itself,
 * not the bytes that it encodes.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export function userSignatureOf(sessionKey: string, body: string): string {
  return hmac(sessionKey, body);
}

/**
 * Signs an order for the client. The client opens each order once: for another attempt it requests a new order.
 * @param sessionKey the session key of the payer's newest login; WeChat rejects an older one
 * @see https://developers.weixin.qq.com/miniprogram/dev/api/payment/wx.requestVirtualPayment.html
 */
export function signVirtualPayment(
  { appKey, sessionKey }: { appKey: string; sessionKey: string },
  order: Order,
): VirtualPayment {
  const signData = signDataOf(order);
  return {
    mode: 'short_series_goods',
    signData,
    paySig: paySigOf(appKey, CLIENT_CALL, signData),
    signature: userSignatureOf(sessionKey, signData),
  };
}

/**
 * Returns the `signData` of an order, which is equal in each call. WeChat requires an `attach`: without a text of the
 * client it is the sku.
 * @see https://developers.weixin.qq.com/miniprogram/dev/api/payment/wx.requestVirtualPayment.html
 */
function signDataOf({ mchId, goods, env, currency, outTradeNo, attach, sku }: Order): string {
  const { productId, unitFen, quantity } = goods!;
  return JSON.stringify({
    offerId: mchId,
    buyQuantity: quantity,
    env: ENV_NUMBERS[env!],
    currencyType: currency,
    productId,
    goodsPrice: unitFen,
    outTradeNo,
    attach: attach ?? sku,
  });
}

function hmac(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}
