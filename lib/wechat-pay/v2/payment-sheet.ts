import type { Runtime } from '../../core/runtime.ts';
import type { JsapiPayment } from '../pay-api.ts';
import { signFields } from './sign.ts';

/**
 * Signs a prepay_id of API v2 for the client. A valid prepay_id can be signed any number of times. The signature covers
 * `signType`, which must equal the sign type of the order's creation.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935213
 */
export function signJsapiPaymentV2(
  apiV2Key: string,
  { appId, prepayId }: { appId: string; prepayId: string },
  { now, randomBytes }: Pick<Runtime, 'now' | 'randomBytes'>,
): JsapiPayment {
  const signed = {
    appId,
    timeStamp: String(Math.floor(now() / 1_000)),
    nonceStr: randomBytes(16).toString('hex'),
    package: `prepay_id=${prepayId}`,
    signType: 'HMAC-SHA256' as const,
  };
  return { ...signed, paySign: signFields(signed, apiV2Key, 'HMAC-SHA256') };
}
