import { AppError } from '../../core/errors.ts';
import type { OutboundResponse, Runtime } from '../../core/runtime.ts';
import { sendTwice, TIMEOUT_MS } from '../retry.ts';
import { payError } from './error.ts';
import { checkWechatpaySignature, type PlatformKeys } from './open-signed.ts';
import { authorization, type Merchant } from './signature.ts';

/** What reaches API v3 and signs for us. */
export type SigningDeps = Pick<Runtime, 'send' | 'now' | 'randomBytes'> & {
  merchant: Merchant;
  /** The public key, if the merchant has one: named in every request, so that answers come signed with it (pay 1.6). */
  platformKeyId?: string | undefined;
  payBaseUrl: string;
};

export type PayDeps = SigningDeps & Pick<Runtime, 'sleep' | 'log'> & { platformKeys: PlatformKeys };

/** `path` with its query, encoded as it goes on the wire: the very same text is signed. */
export interface PayCall {
  method: 'GET' | 'POST';
  path: string;
  body?: Record<string, unknown>;
}

/**
 * Calls API v3 and returns the answer's text, whose signature has been checked (pay 1.1-1.4). What came to an unknown
 * end is sent once more, byte for byte: every call here is idempotent by its order number (pay 2.13).
 * @throws what payError makes of a refusal; WECHAT_TIMEOUT, WECHAT_UNAVAILABLE
 */
export async function callPay(deps: PayDeps, call: PayCall): Promise<string> {
  return sendTwice(deps, { path: call.path, changes: call.method === 'POST' }, () => sendOnce(deps, call));
}

/** One signed request and its answer, which is not checked yet. @throws what payError makes of a refusal */
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
  if (answer.status !== 200 && answer.status !== 204) throw payError(answer);
  return answer;
}

async function sendOnce(deps: PayDeps, call: PayCall): Promise<string> {
  const answer = await sendSigned(deps, call);
  await assertSigned(deps, answer);
  return answer.body.toString('utf8');
}

/** That WeChat signed this answer. What cannot be checked is as good as no answer. @throws WECHAT_UNAVAILABLE */
export async function assertSigned(
  { now, platformKeys }: Pick<PayDeps, 'now' | 'platformKeys'>,
  answer: OutboundResponse,
): Promise<void> {
  try {
    await checkWechatpaySignature(answer, { platformKeys, nowMs: now() });
  } catch (cause) {
    throw new AppError('WECHAT_UNAVAILABLE', 'The answer of WeChat Pay is not signed as it must be', { cause });
  }
}
