import { AppError } from '../../errors.ts';
import type { Runtime } from '../../runtime.ts';
import { payError } from './error.ts';
import { checkWechatpaySignature, type PlatformKeys } from './open-signed.ts';
import { authorization, type Merchant } from './signature.ts';

export type PayDeps = Pick<Runtime, 'send' | 'sleep' | 'now' | 'randomBytes' | 'log'> & {
  merchant: Merchant;
  platformKeys: PlatformKeys;
  /** Named in every request, so that answers come signed with it (pay 1.6). */
  platformKeyId: string;
  payBaseUrl: string;
};

/** `path` with its query, encoded as it goes on the wire: the very same text is signed. */
export interface PayCall {
  method: 'GET' | 'POST';
  path: string;
  body?: Record<string, unknown>;
}

const TIMEOUT_MS = 5_000;
const PAUSE_MS = 500;

/**
 * Calls API v3 and returns the answer's text, whose signature has been checked (pay 1.1-1.4). What came to an unknown
 * end is sent once more, byte for byte: every call here is idempotent by its order number (pay 2.13).
 * @throws what payError makes of a refusal; WECHAT_TIMEOUT, WECHAT_UNAVAILABLE
 */
export async function callPay(deps: PayDeps, call: PayCall): Promise<string> {
  try {
    return await sendOnce(deps, call);
  } catch (first) {
    if (!isUnknownOutcome(first)) throw first;
    deps.log.warn('pay.call-repeated', { path: call.path, error: first });
    await deps.sleep(PAUSE_MS);
    try {
      return await sendOnce(deps, call);
    } catch (second) {
      // A refusal of the repeat says nothing about the first request, which may have been taken.
      throw call.method === 'POST' ? first : second;
    }
  }
}

async function sendOnce(deps: PayDeps, { method, path, body }: PayCall): Promise<string> {
  const url = new URL(deps.payBaseUrl + path);
  const text = body === undefined ? '' : JSON.stringify(body);
  const answer = await deps.send({
    method,
    url,
    timeoutMs: TIMEOUT_MS,
    headers: {
      accept: 'application/json',
      'user-agent': 'wechat-lambda',
      'wechatpay-serial': deps.platformKeyId,
      authorization: authorization(deps.merchant, { method, url, body: text }, deps),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: text }),
  });
  if (answer.status !== 200 && answer.status !== 204) throw payError(answer);
  try {
    checkWechatpaySignature(answer, { platformKeys: deps.platformKeys, nowMs: deps.now() });
  } catch (cause) {
    throw new AppError('WECHAT_UNAVAILABLE', 'The answer of WeChat Pay is not signed as it must be', { cause });
  }
  return answer.body.toString('utf8');
}

function isUnknownOutcome(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'WECHAT_TIMEOUT' || error.code === 'WECHAT_UNAVAILABLE');
}
