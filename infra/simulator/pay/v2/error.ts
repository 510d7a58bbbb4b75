import { PayError } from '../error.ts';
import type { PayErrorCode } from '../error.ts';

const returnMessages = {
  REQUIRE_POST_METHOD: '请使用post方法',
  POST_DATA_EMPTY: 'post数据为空',
  NOT_UTF8: '编码格式错误',
  XML_FORMAT_ERROR: 'XML格式错误',
  MCHID_NOT_EXIST: 'MCHID不存在',
  SIGNERROR: '签名错误',
} as const;

/**
 * An error in `return_msg`, unsigned: for invalid signatures and fields, and for all errors of bills.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935214
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935219
 */
export class ReturnCodeError extends Error {
  /** For the call log only; the answer does not contain it. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Builds the error with the message of this code. */
export function returnCodeError(code: keyof typeof returnMessages): ReturnCodeError {
  return new ReturnCodeError(code, returnMessages[code]);
}

/** An error after a valid signature: `err_code` and `err_code_des`, signed. */
export class ResultCodeError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The API v2 codes of ledger errors; codes that are not listed are the same in both protocols. */
const v2Codes: Partial<Record<PayErrorCode, string>> = {
  ORDER_NOT_EXIST: 'ORDERNOTEXIST',
  INVALID_TRANSACTIONID: 'ORDERNOTEXIST',
  ORDER_CLOSED: 'ORDERCLOSED',
  RESOURCE_NOT_EXISTS: 'REFUNDNOTEXIST',
  NO_AUTH: 'NOAUTH',
  NOT_ENOUGH: 'NOTENOUGH',
};

/** Converts an error of the ledger to API v2; rethrows any other error. */
export function toResultCodeError(error: unknown): ResultCodeError {
  if (error instanceof ResultCodeError) return error;
  if (error instanceof PayError) return new ResultCodeError(v2Codes[error.code] ?? error.code, error.message);
  throw error;
}
