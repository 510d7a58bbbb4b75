import { AppError, type ErrorCode } from '../../core/errors.ts';
import { wordsOf } from '../../core/wechat-words.ts';
import { errcodeOf } from '../../wechat/platform-error.ts';

/** The app has no user of this openid. */
export const UNKNOWN_OPENID = 268490001;
/** WeChat makes the requested data; a later call returns them. */
export const BEING_MADE = 268490011;
/** A task of the same kind is running. */
const TASK_RUNNING = 268490012;
/** The operation took effect before. */
export const REPEATED = 268490004;

/** A wrong field, an unknown number, or an action that the state does not permit. */
export const BAD_PARAMETER = 268490002;
const INVALID_REQUEST = 'WeChat rejected the call of virtual payment as invalid; look up the errcode in the log';
const BUSY = 'WeChat limits these calls of virtual payment; retry later';
const RETRY_AFTER_S = 10;

/**
 * The error for each errcode of virtual payment.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_query_order
 */
const BY_ERRCODE: Record<number, [ErrorCode, string]> = {
  [UNKNOWN_OPENID]: [
    'WECHAT_CONFIG',
    'WeChat rejected the openid of the payer, which belongs to another app; check MINIAPP_APP_ID',
  ],
  [BAD_PARAMETER]: ['INTERNAL', INVALID_REQUEST],
  268490003: [
    'WECHAT_CONFIG',
    'WeChat rejected the signature of virtual payment; VIRTUAL_PAY_APP_KEY must be the AppKey of VIRTUAL_PAY_ENV',
  ],
  268490005: ['ORDER_STATE_CONFLICT', 'WeChat has refunded this order already'],
  268490006: ['FORBIDDEN', 'WeChat declined the refund because the account of the merchant has too little money'],
  268490007: ['FORBIDDEN', 'WeChat found sensitive content in a text or a picture; change it'],
  268490009: ['SESSION_EXPIRED', 'The session key has expired; log in again with wx.login, then repeat the request'],
  [BEING_MADE]: ['WECHAT_UNAVAILABLE', 'WeChat is still making the data; repeat the call later'],
  [TASK_RUNNING]: ['RATE_LIMITED', BUSY],
  268490013: ['FORBIDDEN', 'WeChat permits no refund of the order in its state'],
  268490014: ['RATE_LIMITED', 'WeChat is still processing a refund of this order; repeat the same request later'],
  268490015: ['RATE_LIMITED', BUSY],
  268490016: ['ORDER_STATE_CONFLICT', 'The refundable rest at WeChat has changed; repeat the request'],
};

/** WeChat has no separate errcode for a number that it does not know. */
const NO_DATA = /数据不存在|data not (found|exist)/i;

/** Converts the error of a call of virtual payment. Errors without an errcode of virtual payment are returned as they are. */
export function virtualError(error: unknown): unknown {
  const errcode = errcodeOf(error) ?? 0;
  const { cause } = error as AppError;
  if (errcode === BAD_PARAMETER && NO_DATA.test(wordsOf(error))) {
    return new AppError('NOT_FOUND', 'Virtual payment has no such order or refund', { cause });
  }
  const known = BY_ERRCODE[errcode];
  if (!known) return error;
  const [code, message] = known;
  return new AppError(code, message, { cause, ...(code === 'RATE_LIMITED' && { retryAfterSeconds: RETRY_AFTER_S }) });
}
