import { AppError } from '../../core/errors.ts';
import type { OutboundResponse } from '../../core/outbound.ts';
import type { Runtime } from '../../core/runtime.ts';
import { sendWithoutRetry, sendWithRetry, TIMEOUT_MS } from '../retry.ts';
import { errorOfResponse } from './response-error.ts';
import { assertWechatpaySignature, type PlatformKeys } from './verify-signature.ts';
import type { Verified } from '../verified.ts';
import { authorization, type Merchant } from './signature.ts';

/** Dependencies of a signed request to API v3. */
export type SigningDeps = Pick<Runtime, 'send' | 'now' | 'randomBytes'> & {
  merchant: Merchant;
  /**
   * The id of the public key, if the merchant has one. WeChat Pay signs its response with the key that a request names.
   * @see https://pay.weixin.qq.com/doc/v3/merchant/4012154180
   */
  platformKeyId?: string | undefined;
  payBaseUrl: string;
};

export type PayV3Deps = SigningDeps & Pick<Runtime, 'sleep' | 'log'> & { platformKeys: PlatformKeys };

/** A call to API v3. `path` includes the query, encoded as sent: the signature covers exactly this text. */
export interface PayCall {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  body?: Record<string, unknown>;
  /** Texts that the body contains encrypted. The errors of the call hide them, because WeChat Pay can repeat them. */
  personal?: string[];
}

/**
 * Calls API v3, verifies the signature of the response and returns its text. A call with an unknown outcome is retried
 * once with the same body. Every call either changes nothing or is idempotent by its order or refund number.
 * @throws the error of errorOfResponse for a status other than 200 and 204
 * @throws WECHAT_TIMEOUT, WECHAT_UNAVAILABLE when the outcome is unknown
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013053249
 */
export async function callPay(deps: PayV3Deps, call: PayCall): Promise<Verified<string>> {
  return sendWithRetry(deps, { path: call.path, changes: call.method !== 'GET' }, (payBaseUrl) =>
    sendOnce({ ...deps, payBaseUrl }, call),
  );
}

/**
 * Works like callPay for a call that must not be sent twice, because nothing makes its repetition idempotent.
 * @throws the errors of callPay
 */
export async function callPayOnce(deps: PayV3Deps, call: PayCall): Promise<Verified<string>> {
  return sendWithoutRetry(deps, call.path, (payBaseUrl) => sendOnce({ ...deps, payBaseUrl }, call));
}

/**
 * Sends one signed request. The caller verifies the signature of the response.
 * @throws the error of errorOfResponse for a status other than 200 and 204; WECHAT_TIMEOUT, WECHAT_UNAVAILABLE
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012365342
 */
export async function sendSigned(
  deps: SigningDeps,
  { method, path, body, personal }: PayCall,
): Promise<OutboundResponse> {
  const url = new URL(deps.payBaseUrl + path);
  const text = body === undefined ? '' : JSON.stringify(body);
  const answer = await deps.send({
    method,
    url,
    timeoutMs: TIMEOUT_MS,
    headers: {
      accept: 'application/json',
      'user-agent': 'wechat-lambda',
      // The header must not be empty. Without this header, WeChat Pay signs the response with a platform certificate.
      ...(deps.platformKeyId && { 'wechatpay-serial': deps.platformKeyId }),
      authorization: authorization(deps.merchant, { method, url, body: text }, deps),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: text }),
  });
  if (answer.status !== 200 && answer.status !== 204) throw errorOfResponse(answer, personal);
  return answer;
}

async function sendOnce(deps: PayV3Deps, call: PayCall): Promise<Verified<string>> {
  const answer = await sendSigned(deps, call);
  await assertSigned(deps, answer);
  return answer.body.toString('utf8') as Verified<string>;
}

/**
 * Asserts that WeChat Pay signed this response.
 * @throws WECHAT_UNAVAILABLE when the signature is missing or not valid, because the outcome of the call is then
 * unknown
 */
export async function assertSigned(
  { now, platformKeys }: Pick<PayV3Deps, 'now' | 'platformKeys'>,
  answer: OutboundResponse,
): Promise<void> {
  try {
    await assertWechatpaySignature(answer, { platformKeys, nowMs: now() });
  } catch (cause) {
    throw new AppError(
      'WECHAT_UNAVAILABLE',
      'The response of WeChat Pay has no valid signature; look up the cause in the log',
      { cause },
    );
  }
}
