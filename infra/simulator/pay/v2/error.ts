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

/** A refusal in `return_msg`, unsigned: of whoever did not sign well, and of each bill (pay 5.1, 5.6). */
export class ReturnCodeError extends Error {
  /** Only for the call log: the answer does not tell it. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The refusal that has this code. */
export function returnCodeError(code: keyof typeof returnMessages): ReturnCodeError {
  return new ReturnCodeError(code, returnMessages[code]);
}

/** A refusal to somebody who signed well: `err_code` and `err_code_des`, signed. */
export class ResultCodeError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What v2 calls the refusals of the ledger; those not here have the same name. */
const v2Codes: Partial<Record<PayErrorCode, string>> = {
  ORDER_NOT_EXIST: 'ORDERNOTEXIST',
  INVALID_TRANSACTIONID: 'ORDERNOTEXIST',
  ORDER_CLOSED: 'ORDERCLOSED',
  RESOURCE_NOT_EXISTS: 'REFUNDNOTEXIST',
  OPENID_MISMATCH: 'PARAM_ERROR',
};

/** Turns a refusal of the ledger into one of v2; anything else is a bug, and stays one. */
export function toResultCodeError(error: unknown): ResultCodeError {
  if (error instanceof ResultCodeError) return error;
  if (error instanceof PayError) return new ResultCodeError(v2Codes[error.code] ?? error.code, error.message);
  throw error;
}
