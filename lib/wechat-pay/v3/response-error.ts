import * as v from 'valibot';
import { AppError, type ErrorCode } from '../../core/errors.ts';
import type { OutboundResponse } from '../../core/outbound.ts';
import { errorOfPayCode } from '../errors.ts';

/** The shape of `detail` varies (pay 2.11): what is not as expected is as good as absent. */
const place = v.fallback(v.object({ field: v.optional(v.string()) }), {});
const envelope = v.object({ code: v.string(), detail: v.optional(place, {}) });
const NO_ANSWER: v.InferOutput<typeof envelope> = { code: 'NO_ANSWER', detail: {} };

/**
 * The closed-list error for an answer that is not 2xx. The code decides; the status is only a hint, and the text may
 * change (pay 2.11, 2.12). Such answers are not signed: no money moves by what they say.
 */
export function errorOfResponse({
  status,
  headers,
  body,
}: Pick<OutboundResponse, 'status' | 'headers' | 'body'>): AppError {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), envelope), body.toString('utf8'));
  const { code, detail } = parsed.success ? parsed.output : NO_ANSWER;
  const error = errorOfPayCode(code, `${status}, ${headers['request-id'] ?? 'no request id'}`, meaningOf(status));
  if (detail.field !== '/notify_url') return error;
  return new AppError('WECHAT_CONFIG', 'WeChat Pay refuses PAY_NOTIFY_URL', { cause: error.cause });
}

/** The meaning of an unknown code: only a call without a 4xx status may have taken effect (pay 2.11). */
function meaningOf(status: number): ErrorCode {
  if (status === 429) return 'RATE_LIMITED';
  if (status < 400 || status >= 500) return 'WECHAT_UNAVAILABLE';
  return status === 403 ? 'FORBIDDEN' : 'INTERNAL';
}
