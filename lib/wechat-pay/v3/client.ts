import { AppError } from '../../core/errors.ts';
import type { OutboundResponse } from '../../core/outbound.ts';
import type { Runtime } from '../../core/runtime.ts';
import { sendWithRetry, TIMEOUT_MS } from '../retry.ts';
import { errorOfResponse } from './response-error.ts';
import { assertWechatpaySignature, type PlatformKeys } from './verify-signature.ts';
import type { Verified } from '../verified.ts';
import { authorization, type Merchant } from './signature.ts';

/** Signs requests to API v3 and sends them. */
export type SigningDeps = Pick<Runtime, 'send' | 'now' | 'randomBytes'> & {
  merchant: Merchant;
  /** The public key, if the merchant has one: named in every request, so that answers come signed with it (pay 1.6). */
  platformKeyId?: string | undefined;
  payBaseUrl: string;
};

export type PayV3Deps = SigningDeps & Pick<Runtime, 'sleep' | 'log'> & { platformKeys: PlatformKeys };

/** `path` with its query, encoded as it goes on the wire: the very same text is signed. */
export interface PayCall {
  method: 'GET' | 'POST';
  path: string;
  body?: Record<string, unknown>;
}

/**
 * Calls API v3 and returns the text of the answer after checking its signature (pay 1.1-1.4). A call with an unknown
 * outcome is sent once more, byte for byte: every call here is idempotent by its order number (pay 2.13).
 * @throws the error of errorOfResponse for an answer that is not 2xx; WECHAT_TIMEOUT, WECHAT_UNAVAILABLE
 */
export async function callPay(deps: PayV3Deps, call: PayCall): Promise<Verified<string>> {
  return sendWithRetry(deps, { path: call.path, changes: call.method === 'POST' }, () => sendOnce(deps, call));
}

/**
 * Sends one signed request. The signature of the answer is not checked yet.
 * @throws the error of errorOfResponse for an answer that is not 2xx
 */
export async function sendSigned(deps: SigningDeps, { method, path, body }: PayCall): Promise<OutboundResponse> {
  const url = new URL(deps.payBaseUrl + path);
  const text = body === undefined ? '' : JSON.stringify(body);
  const answer = await deps.send({
    method,
    url,
    timeoutMs: TIMEOUT_MS,
    headers: {
      accept: 'application/json',
      'user-agent': 'wechat-lambda',
      // Never empty (pay 1.2); without it the answer is signed with the newest platform certificate.
      ...(deps.platformKeyId && { 'wechatpay-serial': deps.platformKeyId }),
      authorization: authorization(deps.merchant, { method, url, body: text }, deps),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: text }),
  });
  if (answer.status !== 200 && answer.status !== 204) throw errorOfResponse(answer);
  return answer;
}

async function sendOnce(deps: PayV3Deps, call: PayCall): Promise<Verified<string>> {
  const answer = await sendSigned(deps, call);
  await assertSigned(deps, answer);
  return answer.body.toString('utf8') as Verified<string>;
}

/** Asserts that WeChat Pay signed this answer. An answer that cannot be checked counts as none. @throws WECHAT_UNAVAILABLE */
export async function assertSigned(
  { now, platformKeys }: Pick<PayV3Deps, 'now' | 'platformKeys'>,
  answer: OutboundResponse,
): Promise<void> {
  try {
    await assertWechatpaySignature(answer, { platformKeys, nowMs: now() });
  } catch (cause) {
    throw new AppError('WECHAT_UNAVAILABLE', 'The answer of WeChat Pay is not signed as it must be', { cause });
  }
}
