import type { Runtime } from '../../core/runtime.ts';
import type { JsapiPayment } from '../pay-api.ts';
import { signFields } from './sign.ts';

/**
 * Signs a prepay_id of v2 for the client (pay 3.6); it may be done again while the prepay_id lives. The sign type must be
 * that of the order's creation, and is signed itself.
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
