import { AppError, type ErrorCode } from '../core/errors.ts';

/** The error code that WeChat Pay returned, kept as the cause of an AppError; `code` is normalised (pay 2.12). */
class PayError extends Error {
  override readonly name = 'PayError';
  readonly code: string;

  constructor(code: string, where: string) {
    super(`${code} (${where})`);
    this.code = code;
  }
}

/**
 * Codes of pay 2.12 and 5.6 by what can be done about them, without the underscores, which not every page writes.
 * A code that is missing here means WECHAT_UNAVAILABLE: outcome unknown.
 */
const BY_CODE: Record<string, [ErrorCode, string]> = {
  SIGNERROR: [
    'WECHAT_CONFIG',
    'WeChat Pay refuses our signature: PAY_MCH_PRIVATE_KEY, PAY_MCH_CERT_SERIAL (API v3), PAY_API_V2_KEY (API v2) or the clock',
  ],
  APPIDMCHIDNOTMATCH: ['WECHAT_CONFIG', 'The app id is not bound to PAY_MCH_ID in the merchant platform'],
  APPIDNOTEXIST: ['WECHAT_CONFIG', 'WeChat Pay does not know the app id'],
  MCHNOTEXISTS: ['WECHAT_CONFIG', 'WeChat Pay does not know PAY_MCH_ID'],
  MCHIDNOTEXIST: ['WECHAT_CONFIG', 'WeChat Pay does not know PAY_MCH_ID'],
  NOAUTH: ['WECHAT_CONFIG', 'PAY_MCH_ID may not do this: see the merchant platform'],
  PARAMERROR: ['INTERNAL', 'WeChat Pay refuses our request'],
  INVALIDREQUEST: ['INTERNAL', 'WeChat Pay refuses our request'],
  LACKPARAMS: ['INTERNAL', 'WeChat Pay refuses our request'],
  XMLFORMATERROR: ['INTERNAL', 'WeChat Pay refuses our request'],
  OPENIDMISMATCH: [
    'WECHAT_CONFIG',
    'The openid of the payer does not belong to the app: see MINIAPP_APP_ID, OFFICIAL_APP_ID',
  ],
  INVALIDTRANSACTIONID: ['INTERNAL', 'WeChat Pay does not know the transaction'],
  ACCOUNTERROR: ['FORBIDDEN', 'WeChat Pay does not let this account pay'],
  RULELIMIT: ['FORBIDDEN', 'WeChat Pay does not allow this payment: try another way to pay'],
  TRADEERROR: ['FORBIDDEN', 'WeChat Pay refused this payment'],
  NOTENOUGH: ['FORBIDDEN', 'The balance is too small: a refund is repeated with the same outRefundNo once it is not'],
  USERACCOUNTABNORMAL: ['FORBIDDEN', 'The account of the payer is closed: pay back another way'],
  TRADEOVERDUE: ['FORBIDDEN', 'The payment is older than a year: pay back another way'],
  OUTTRADENOUSED: ['ORDER_STATE_CONFLICT', 'WeChat Pay has another order of this number'],
  REFUNDFEEMISMATCH: ['ORDER_STATE_CONFLICT', 'WeChat Pay has another refund of this number'],
  ORDERPAID: ['ORDER_STATE_CONFLICT', 'The order is paid'],
  ORDERCLOSED: ['ORDER_STATE_CONFLICT', 'The order is closed'],
  ORDERNOTEXIST: ['NOT_FOUND', 'WeChat Pay has no such order'],
  NOSTATEMENTEXIST: ['NOT_FOUND', 'Nothing happened on that day'],
  RESOURCENOTEXISTS: ['NOT_FOUND', 'WeChat Pay has no such thing'],
  REFUNDNOTEXIST: ['NOT_FOUND', 'WeChat Pay has no such refund'],
  FREQUENCYLIMITED: ['RATE_LIMITED', 'WeChat Pay limits these calls: try again later'],
  RATELIMITEXCEEDED: ['RATE_LIMITED', 'WeChat Pay limits these calls: try again later'],
  INVALIDREQTOOMUCH: ['RATE_LIMITED', 'WeChat Pay limits these calls: try again later'],
};

const RETRY_AFTER_S = 10;

/**
 * Returns the closed-list error for a code of WeChat Pay, in either spelling.
 * @param where goes into the log
 * @param unknown the error for a code that is not listed here
 */
export function errorOfPayCode(code: string, where: string, unknown: ErrorCode = 'WECHAT_UNAVAILABLE'): AppError {
  const normalised = code.toUpperCase().replaceAll('_', '');
  const cause = new PayError(normalised, where);
  const [known, message] = BY_CODE[normalised] ?? [unknown, 'WeChat Pay could not do this'];
  return new AppError(known, message, { cause, ...(known === 'RATE_LIMITED' && { retryAfterSeconds: RETRY_AFTER_S }) });
}

/** Whether the outcome of a call is unknown: it may have taken effect. */
export function isUnknownOutcome(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'WECHAT_TIMEOUT' || error.code === 'WECHAT_UNAVAILABLE');
}

/** Returns the normalised code of WeChat Pay behind an error, or undefined. */
export function payCodeOf(error: unknown): string | undefined {
  return error instanceof AppError && error.cause instanceof PayError ? error.cause.code : undefined;
}

/** Returns the error for a day that WeChat Pay has no bill of. */
export function noBillError(cause: unknown): AppError {
  return new AppError(
    'PARAM_ERROR',
    'WeChat Pay gives no bill of a day that is not over, or longer ago than three months',
    {
      cause,
    },
  );
}
