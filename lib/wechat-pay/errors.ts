import { AppError, isAppError, type ErrorCode } from '../core/errors.ts';
import { WechatAnswerError, wordsOf } from '../core/wechat-words.ts';

/** An error code of WeChat Pay, as the cause of an AppError. `code` is normalised: upper case, without underscores. */
class PayError extends WechatAnswerError {
  override readonly name = 'PayError';
  readonly code: string;

  constructor(code: string, where: string, words: string) {
    super(`${code} (${where})`, words);
    this.code = code;
  }
}

const INVALID_REQUEST = 'WeChat Pay rejected the request as invalid; look up the error code in the log';
const RATE_LIMITED = 'WeChat Pay limits the rate of these calls; retry later';

/**
 * The error for each normalised code of WeChat Pay. The documentation of WeChat Pay spells some codes both with and
 * without underscores.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012081717
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935214
 */
const BY_CODE: Record<string, [ErrorCode, string]> = {
  SIGNERROR: [
    'WECHAT_CONFIG',
    'WeChat Pay rejected the signature; check the clock, and PAY_MCH_PRIVATE_KEY with PAY_MCH_CERT_SERIAL (API v3) or PAY_API_V2_KEY (API v2)',
  ],
  APPIDMCHIDNOTMATCH: [
    'WECHAT_CONFIG',
    'WeChat Pay rejected the app id; bind it to PAY_MCH_ID in the merchant platform',
  ],
  APPIDNOTEXIST: ['WECHAT_CONFIG', 'WeChat Pay has no such app id; check MINIAPP_APP_ID and OFFICIAL_APP_ID'],
  MCHNOTEXISTS: ['WECHAT_CONFIG', 'WeChat Pay has no such merchant; check PAY_MCH_ID'],
  MCHIDNOTEXIST: ['WECHAT_CONFIG', 'WeChat Pay has no such merchant; check PAY_MCH_ID'],
  NOAUTH: [
    'WECHAT_CONFIG',
    'WeChat Pay does not permit this call to PAY_MCH_ID; check its products and restrictions in the merchant platform',
  ],
  /** A code of this service: WeChat Pay has none for this field. */
  NOTIFYURL: [
    'WECHAT_CONFIG',
    'WeChat Pay rejected the notification URL; set PAY_NOTIFY_URL (API v3) or PAY_V2_NOTIFY_URL (API v2) to a public https URL without a query',
  ],
  PARAMERROR: ['INTERNAL', INVALID_REQUEST],
  INVALIDREQUEST: ['INTERNAL', INVALID_REQUEST],
  LACKPARAMS: ['INTERNAL', INVALID_REQUEST],
  XMLFORMATERROR: ['INTERNAL', INVALID_REQUEST],
  OPENIDMISMATCH: [
    'WECHAT_CONFIG',
    'WeChat Pay rejected the openid of the payer, which belongs to another app; check MINIAPP_APP_ID and OFFICIAL_APP_ID',
  ],
  INVALIDTRANSACTIONID: ['INTERNAL', 'WeChat Pay has no such transaction; check that PAY_MCH_ID received the payment'],
  ACCOUNTERROR: [
    'FORBIDDEN',
    'WeChat Pay declined the account of the payer or the merchant; use another account, or check the merchant platform',
  ],
  RULELIMIT: ['FORBIDDEN', 'WeChat Pay declined the payment by a business or risk rule; pay another way'],
  TRADEERROR: ['FORBIDDEN', 'WeChat Pay declined the payment; retry with another card or balance'],
  NOTENOUGH: [
    'FORBIDDEN',
    'WeChat Pay declined the call because the balance is too small; to refund, retry the same outRefundNo with fundsAccount AVAILABLE, or recharge the merchant account first',
  ],
  USERACCOUNTABNORMAL: [
    'FORBIDDEN',
    'WeChat Pay declined the refund because the account of the payer is closed; return the money another way',
  ],
  TRADEOVERDUE: [
    'FORBIDDEN',
    'WeChat Pay declined the refund because the payment is older than a year; return the money another way',
  ],
  OUTTRADENOUSED: [
    'ORDER_STATE_CONFLICT',
    'WeChat Pay has a different order with this number; query that order, or place a new one',
  ],
  REFUNDFEEMISMATCH: [
    'ORDER_STATE_CONFLICT',
    'WeChat Pay has a different amount for this outRefundNo; retry with the original amount',
  ],
  ORDERPAID: ['ORDER_STATE_CONFLICT', 'WeChat Pay reports the order as paid; query the order'],
  ORDERCLOSED: ['ORDER_STATE_CONFLICT', 'WeChat Pay reports the order as closed; place a new order'],
  ORDERNOTEXIST: ['NOT_FOUND', 'WeChat Pay has no such order; check the order number and PAY_MCH_ID'],
  NOSTATEMENTEXIST: ['NOT_FOUND', 'WeChat Pay has no bill of this day, because the day has no transactions'],
  RESOURCENOTEXISTS: [
    'NOT_FOUND',
    'WeChat Pay has no such refund or platform certificate; check outRefundNo, or set PAY_PUBLIC_KEY',
  ],
  REFUNDNOTEXIST: ['NOT_FOUND', 'WeChat Pay has no such refund; check outRefundNo'],
  FREQUENCYLIMITED: ['RATE_LIMITED', RATE_LIMITED],
  RATELIMITEXCEEDED: ['RATE_LIMITED', RATE_LIMITED],
  INVALIDREQTOOMUCH: ['RATE_LIMITED', RATE_LIMITED],
};

const TOO_OFTEN = /频率|频繁/;
/**
 * Codes by the text of an error whose own code leaves the cause open. The first match counts. API v2 has no code at all
 * for wrong fields and restrictions of the merchant.
 */
const BY_TEXT: [RegExp, string][] = [
  [/^201\b/, 'OUTTRADENOUSED'],
  [TOO_OFTEN, 'FREQUENCYLIMITED'],
  [/签名|\bsign\b/i, 'SIGNERROR'],
  [/权限|未开通|收款功能|受限|被限制/, 'NOAUTH'],
  [/无效的openid|invalid openid|openid.*不匹配/i, 'OPENIDMISMATCH'],
  [/notify_?url/i, 'NOTIFYURL'],
  [/(appid.*(mch_?id|商户号)|(mch_?id|商户号).*appid).*不匹配/i, 'APPIDMCHIDNOTMATCH'],
  [/appid/i, 'APPIDNOTEXIST'],
  [/mch_?id|商户号/i, 'MCHIDNOTEXIST'],
];
/** The codes whose text decides. */
const OPEN_CODES = new Set(['PARAMERROR', 'INVALIDREQUEST']);
/** A text that reports an overload or a timeout. The call may have taken effect. */
const BUSY = /繁忙|超时|稍[后候]|系统(错误|异常)|system ?error|time ?out|busy/i;

const UNLISTED = 'WeChat Pay could not process the request; look up the error code in the log';
const RETRY_AFTER_S = 10;
/** WeChat Pay accepts one refund of an order per minute. */
const MINUTE_S = 60;

interface Answer {
  /** The sentence in which WeChat Pay explains the error. */
  text?: string;
  /** The part of the answer that only operators need. */
  detail?: string;
  /** The error code for an unlisted code. The default means that the outcome is unknown. */
  fallback?: ErrorCode;
}

/**
 * Returns the error for a code of WeChat Pay. Case and underscores are ignored.
 * @param where names the call in the log
 */
export function errorOfPayCode(
  code: string,
  where: string,
  { text = '', detail = '', fallback = 'WECHAT_UNAVAILABLE' }: Answer = {},
): AppError {
  const sent = code.toUpperCase().replaceAll('_', '');
  const byText = OPEN_CODES.has(sent) ? BY_TEXT.find(([pattern]) => pattern.test(text)) : undefined;
  const normalised = byText?.[1] ?? sent;
  const cause = new PayError(normalised, where, `${text} ${detail}`.trim());
  const [errorCode, message] = BY_CODE[normalised] ?? [fallback, UNLISTED];
  const retryAfter = errorCode === 'RATE_LIMITED' && {
    retryAfterSeconds: /分钟/.test(text) ? MINUTE_S : RETRY_AFTER_S,
  };
  return new AppError(errorCode, message, { cause, ...retryAfter });
}

/**
 * Returns the error for an answer of API v2 that has a text, no code and no signature. Such an answer declines the
 * request, unless its text is empty or reports an overload.
 */
export function errorOfText(text: string, where: string): AppError {
  const isUnknown = text === '' || (BUSY.test(text) && !TOO_OFTEN.test(text));
  return errorOfPayCode(isUnknown ? 'NO_CODE' : 'INVALID_REQUEST', where, { text });
}

/** Returns whether the outcome of a call is unknown: the call may have taken effect. */
export function isUnknownOutcome(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'WECHAT_TIMEOUT' || error.code === 'WECHAT_UNAVAILABLE');
}

/**
 * Returns whether a repeat of the same request would be declined too. The errors of settings are absent, because the
 * operator can correct a setting.
 */
export function isDeclined(error: unknown): boolean {
  return isAppError(error, 'FORBIDDEN') || isAppError(error, 'INTERNAL') || payCodeOf(error) === 'NOAUTH';
}

/** Returns the normalised code of WeChat Pay that caused an error, or undefined. */
export function payCodeOf(error: unknown): string | undefined {
  return error instanceof AppError && error.cause instanceof PayError ? error.cause.code : undefined;
}

const NO_BILL_CODES = new Set(['INVALIDREQUEST', 'PARAMERROR']);

/** Returns the error of a bill call: PARAM_ERROR if the text of the error is about the day of the bill. */
export function billError(cause: unknown): unknown {
  const isAboutDay = NO_BILL_CODES.has(payCodeOf(cause) ?? '') && /日期|时间|bill_?date/i.test(wordsOf(cause));
  if (!isAboutDay) return cause;
  const message = 'WeChat Pay has bills only for past days of the last three months; request another day';
  return new AppError('PARAM_ERROR', message, { cause });
}

/** Returns the error for a virtual payment in a session without a session key, such as that of a scan login. */
export function sessionKeyMissing(): AppError {
  return new AppError(
    'SESSION_EXPIRED',
    'This session has no session key; log in with wx.login, then repeat the request',
  );
}
