import * as v from 'valibot';
import type { AppError, ErrorCode } from '../../core/errors.ts';
import type { OutboundResponse } from '../../core/outbound.ts';
import { errorOfPayCode } from '../errors.ts';

const optionalText = v.fallback(v.optional(v.string(), ''), '');
/** `detail` varies between endpoints. WeChat Pay documents a `field`, but names the field in `message` instead. */
const detail = v.fallback(v.object({ field: optionalText }), { field: '' });
const envelope = v.object({ code: v.string(), message: optionalText, detail: v.optional(v.unknown()) });
const NO_ENVELOPE: v.InferOutput<typeof envelope> = { code: 'NO_ANSWER', message: '' };

/**
 * Returns the error for a response whose status reports no success. The code in the body determines the error. The text
 * counts only if the code leaves the cause open, and the status only if the code is unlisted. The signature of such a
 * response is not verified, so the response never proves a payment or a refund.
 * @param personal texts of the request that the error must not contain
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012081717
 */
export function errorOfResponse(
  { status, headers, body }: Pick<OutboundResponse, 'status' | 'headers' | 'body'>,
  personal: string[] = [],
): AppError {
  const hide = (text: string) => personal.reduce((hidden, value) => hidden.replaceAll(value, '…'), text);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), envelope), body.toString('utf8'));
  const answer = parsed.success ? parsed.output : NO_ENVELOPE;
  return errorOfPayCode(answer.code, `${status}, ${headers['request-id'] ?? 'no request id'}`, {
    text: hide(`${answer.message} ${v.parse(detail, answer.detail).field}`.trim()),
    detail: hide(answer.detail ? JSON.stringify(answer.detail) : ''),
    fallback: codeOfStatus(status),
  });
}

/** Returns the error code for an unlisted code. A 4xx status other than 429 proves that the call took no effect. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 429) return 'RATE_LIMITED';
  if (status < 400 || status >= 500) return 'WECHAT_UNAVAILABLE';
  return status === 403 ? 'FORBIDDEN' : 'INTERNAL';
}
