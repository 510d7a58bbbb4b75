/**
 * The closed list of error codes that a caller can receive. lib/http/error-response.ts maps each code to an HTTP
 * status.
 */
export type ErrorCode =
  | 'PARAM_ERROR'
  | 'CONTENT_REFUSED'
  | 'UNAUTHENTICATED'
  | 'WECHAT_CODE_INVALID'
  | 'SESSION_EXPIRED'
  | 'FORBIDDEN'
  | 'WECHAT_USER_BLOCKED'
  | 'SNAPSHOT_USER'
  | 'ORIGIN_NOT_ALLOWED'
  | 'FRESH_LOGIN_REQUIRED'
  | 'VIRTUAL_PAYMENT_REQUIRED'
  | 'NOT_FOUND'
  | 'PHONE_ALREADY_BOUND'
  | 'ORDER_STATE_CONFLICT'
  | 'IDENTITY_CONFLICT'
  | 'TICKET_EXPIRED'
  | 'BODY_TOO_LARGE'
  | 'RATE_LIMITED'
  | 'INTERNAL'
  | 'WECHAT_UNAVAILABLE'
  | 'NOT_CONFIGURED'
  | 'WECHAT_CONFIG'
  | 'WECHAT_TIMEOUT';

interface AppErrorOptions {
  /** Facts for the caller; never a secret, a token or a whole request. */
  detail?: Record<string, unknown>;
  /** Set only with RATE_LIMITED. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** An error with a code of the closed list. Clients receive its message, except with INTERNAL. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly detail: Record<string, unknown> | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Whether `error` is an AppError with this code. */
export function isAppError(error: unknown, code: ErrorCode): error is AppError {
  return error instanceof AppError && error.code === code;
}
