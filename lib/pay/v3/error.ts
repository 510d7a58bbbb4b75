import * as v from 'valibot';
import { AppError, type ErrorCode } from '../../errors.ts';
import type { OutboundResponse } from '../../runtime.ts';

/** What WeChat Pay said, kept as the cause of an AppError; `code` is normalised (pay 2.12). */
export class PayError extends Error {
  override readonly name = 'PayError';
  readonly code: string;

  constructor(status: number, code: string, requestId: string | undefined) {
    super(`${status} ${code} (${requestId ?? 'no request id'})`);
    this.code = code;
  }
}

/** Pay 2.12 by what can be done about it. Whatever is not here is WECHAT_UNAVAILABLE: outcome unknown. */
const BY_CODE: Record<string, [ErrorCode, string]> = {
  SIGNERROR: [
    'WECHAT_CONFIG',
    'WeChat Pay refuses our signature: PAY_MCH_PRIVATE_KEY, PAY_MCH_CERT_SERIAL or the clock',
  ],
  APPIDMCHIDNOTMATCH: ['WECHAT_CONFIG', 'The app id is not bound to PAY_MCH_ID in the merchant platform'],
  MCHNOTEXISTS: ['WECHAT_CONFIG', 'WeChat Pay does not know PAY_MCH_ID'],
  NOAUTH: ['WECHAT_CONFIG', 'PAY_MCH_ID may not do this: see the merchant platform'],
  PARAMERROR: ['INTERNAL', 'WeChat Pay refuses our request'],
  INVALIDREQUEST: ['INTERNAL', 'WeChat Pay refuses our request'],
  OPENIDMISMATCH: ['INTERNAL', 'The payer does not belong to the app'],
  ACCOUNTERROR: ['FORBIDDEN', 'WeChat Pay does not let this account pay'],
  RULELIMIT: ['FORBIDDEN', 'WeChat Pay does not allow this payment: try another way to pay'],
  TRADEERROR: ['FORBIDDEN', 'WeChat Pay refused this payment'],
  OUTTRADENOUSED: ['ORDER_STATE_CONFLICT', 'WeChat Pay has another order of this number'],
  ORDERPAID: ['ORDER_STATE_CONFLICT', 'The order is paid'],
  ORDERCLOSED: ['ORDER_STATE_CONFLICT', 'The order is closed'],
  ORDERNOTEXIST: ['NOT_FOUND', 'WeChat Pay has no such order'],
  FREQUENCYLIMITED: ['RATE_LIMITED', 'WeChat Pay limits these calls: try again later'],
  RATELIMITEXCEEDED: ['RATE_LIMITED', 'WeChat Pay limits these calls: try again later'],
};

const RETRY_AFTER_S = 10;
/** The shape of `detail` varies (pay 2.11): what is not as expected is as good as absent. */
const place = v.fallback(v.object({ field: v.optional(v.string()) }), {});
const envelope = v.object({ code: v.string(), detail: v.optional(place, {}) });
const NO_ANSWER: v.InferOutput<typeof envelope> = { code: 'NO_ANSWER', detail: {} };

/**
 * The closed-list error for an answer that is not 2xx. The code decides, in either of its spellings; the status is only
 * a hint, and the text may change (pay 2.11, 2.12). Such answers are not signed: no money moves by what they say.
 */
export function payError({ status, headers, body }: OutboundResponse): AppError {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), envelope), body.toString('utf8'));
  const { code, detail } = parsed.success ? parsed.output : NO_ANSWER;
  const normalised = code.toUpperCase().replaceAll('_', '');
  const cause = new PayError(status, normalised, headers['request-id']);
  if (detail.field === '/notify_url') {
    return new AppError('WECHAT_CONFIG', 'WeChat Pay refuses PAY_NOTIFY_URL', { cause });
  }
  const [known, message] = BY_CODE[normalised] ?? ['WECHAT_UNAVAILABLE', 'WeChat Pay could not do this'];
  return new AppError(known, message, { cause, ...(known === 'RATE_LIMITED' && { retryAfterSeconds: RETRY_AFTER_S }) });
}
