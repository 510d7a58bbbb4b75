/** Internal codes, the end of `Request-ID`; 268435461 where the internal code is not documented. */
const internalCodes = {
  SIGN_ERROR: 268443699,
  PARAM_ERROR: 268435461,
  INVALID_REQUEST: 268435461,
  NO_AUTH: 268448010,
  MCH_NOT_EXISTS: 268445527,
  APPID_MCHID_NOT_MATCH: 268445527,
  OPENID_MISMATCH: 268501013,
  OUT_TRADE_NO_USED: 268498688,
  ORDERPAID: 268498689,
  ORDER_CLOSED: 268447914,
  ORDER_NOT_EXIST: 268512771,
  INVALID_TRANSACTIONID: 268435461,
  RESOURCE_ALREADY_EXISTS: 268435461,
  RESOURCE_NOT_EXISTS: 268435461,
  REFUND_FEE_MISMATCH: 268435461,
  NOT_ENOUGH: 268435461,
  TRADE_OVERDUE: 268435461,
  FREQUENCY_LIMITED: 268435461,
  NO_STATEMENT_EXIST: 268435461,
  STATEMENT_CREATING: 268435461,
} as const;

export type PayErrorCode = keyof typeof internalCodes;

/**
 * An error of WeChat Pay in the format of API v3: a status and `{code, message, detail?}`. `detail` has the documented
 * fields; pay/v3/api.ts reduces it to the fields that WeChat Pay sends.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012081717
 */
export class PayError extends Error {
  readonly status: number;
  readonly code: PayErrorCode;
  readonly internalCode: number;
  readonly detail: object | undefined;

  constructor(status: number, code: PayErrorCode, message: string, detail?: object) {
    super(message);
    this.status = status;
    this.code = code;
    this.internalCode = internalCodes[code];
    this.detail = detail;
  }
}
