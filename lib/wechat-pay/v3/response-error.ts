import * as v from 'valibot';
import { AppError, type ErrorCode } from '../../core/errors.ts';
import type { OutboundResponse } from '../../core/outbound.ts';
import { errorOfPayCode } from '../errors.ts';

/** The structure of `detail` varies between endpoints. A `detail` that does not match this schema counts as absent. */
const location = v.fallback(v.object({ field: v.optional(v.string()) }), {});
const envelope = v.object({ code: v.string(), detail: v.optional(location, {}) });
const NO_ENVELOPE: v.InferOutput<typeof envelope> = { code: 'NO_ANSWER', detail: {} };

/**
 * Returns the error for a response whose status reports no success. The code in the body determines the error; the
 * status counts only if the code is unlisted. The text is ignored, because WeChat Pay may change the text. The
 * signature of such a response is not verified, so the response never proves a payment or a refund.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012081717
 */
export function errorOfResponse({
  status,
  headers,
  body,
}: Pick<OutboundResponse, 'status' | 'headers' | 'body'>): AppError {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), envelope), body.toString('utf8'));
  const { code, detail } = parsed.success ? parsed.output : NO_ENVELOPE;
  const error = errorOfPayCode(code, `${status}, ${headers['request-id'] ?? 'no request id'}`, codeOfStatus(status));
  if (detail.field !== '/notify_url') return error;
  return new AppError('WECHAT_CONFIG', 'WeChat Pay rejected PAY_NOTIFY_URL; set a public https URL without a query', {
    cause: error.cause,
  });
}

/** Returns the error code for an unlisted code. A 4xx status other than 429 proves that the call took no effect. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 429) return 'RATE_LIMITED';
  if (status < 400 || status >= 500) return 'WECHAT_UNAVAILABLE';
  return status === 403 ? 'FORBIDDEN' : 'INTERNAL';
}
