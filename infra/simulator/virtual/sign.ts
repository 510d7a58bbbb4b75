import { createHmac } from 'node:crypto';

/** The `uri` of the signature that the mini-program passes to `wx.requestVirtualPayment`. */
export const CLIENT_URI = 'requestVirtualPayment';

/**
 * HMAC-SHA256 over the path and the body, in hex. The signature of the user is `sessionSignature` of the body.
 * @param uri the path of a server call, or `CLIENT_URI`
 * @param body the exact body of a server call, or the exact `signData`
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export function paySignature(uri: string, body: string | Buffer, appKey: string): string {
  return createHmac('sha256', appKey).update(`${uri}&`).update(body).digest('hex');
}
