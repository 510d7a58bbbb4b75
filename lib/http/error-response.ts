import { AppError, type ErrorCode } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { NO_SNIFF, type HttpResponse } from './response.ts';

/** The HTTP status of each error code. */
export const STATUS: Record<ErrorCode, number> = {
  PARAM_ERROR: 400,
  CONTENT_REFUSED: 400,
  UNAUTHENTICATED: 401,
  WECHAT_CODE_INVALID: 401,
  SESSION_EXPIRED: 401,
  FORBIDDEN: 403,
  WECHAT_USER_BLOCKED: 403,
  SNAPSHOT_USER: 403,
  ORIGIN_NOT_ALLOWED: 403,
  FRESH_LOGIN_REQUIRED: 403,
  VIRTUAL_PAYMENT_REQUIRED: 403,
  NOT_FOUND: 404,
  PHONE_ALREADY_BOUND: 409,
  ORDER_STATE_CONFLICT: 409,
  IDENTITY_CONFLICT: 409,
  TICKET_EXPIRED: 410,
  BODY_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  WECHAT_UNAVAILABLE: 502,
  NOT_CONFIGURED: 503,
  WECHAT_CONFIG: 503,
  WECHAT_TIMEOUT: 504,
};

const INTERNAL_TEXT = 'An internal error occurred; its cause is in the log';

export interface Failure {
  status: number;
  code: ErrorCode;
  message: string;
  detail?: Record<string, unknown>;
  retryAfterSeconds?: number;
}

/**
 * Logs a thrown value in one line: as an error for status 500 and above, as information for a rejected request.
 * @returns the facts of the value that a client may see
 */
export function reportFailure(log: Log, error: unknown, facts: Record<string, unknown>): Failure {
  const failure = describeFailure(error);
  const { status, code, message, detail } = failure;
  if (status >= 500) log.error('request.failed', { ...facts, status, error: code, reason: error });
  else log.info('request.rejected', { ...facts, status, error: code, reason: message, detail });
  return failure;
}

/** An unexpected error becomes INTERNAL with a fixed text. */
function describeFailure(error: unknown): Failure {
  if (!(error instanceof AppError) || error.code === 'INTERNAL') {
    return { status: STATUS.INTERNAL, code: 'INTERNAL', message: INTERNAL_TEXT };
  }
  const { code, message, detail, retryAfterSeconds } = error;
  return {
    status: STATUS[code],
    code,
    message,
    ...(detail && { detail }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

/** Returns the error response, which has the same format on every route. */
export function errorResponse(failure: Failure, requestId: string): HttpResponse {
  const { status, code, message, detail } = failure;
  return {
    statusCode: status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...NO_SNIFF,
      ...retryAfter(failure),
    },
    body: JSON.stringify({ code, message, requestId, ...(detail && { detail }) }),
  };
}

/** Returns the header with the seconds to wait, if the failure has them. */
export function retryAfter({ retryAfterSeconds }: Failure): { 'retry-after'?: string } {
  return retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
}
