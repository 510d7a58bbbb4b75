import type { ErrorCode } from '../../lib/core/errors.ts';
import { WECHAT_ERRORS } from '../../lib/http/api/shared.ts';
import { STATUS } from '../../lib/http/error-response.ts';
import { ERROR_CODES } from './error-codes.ts';
import { code, codeList, table } from './markdown.ts';

/** Renders the table of all error codes, by HTTP status. */
export function errorsTable(): string {
  const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).toSorted((one, other) => STATUS[one] - STATUS[other]);
  return table(
    ['Status', 'Code', 'Cause', 'What the client does'],
    codes.map((name) => [String(STATUS[name]), code(name), ERROR_CODES[name].cause, ERROR_CODES[name].client]),
  );
}

/** Lists the codes that every route that calls WeChat may return. */
export function wechatErrorsList(): string {
  return codeList(WECHAT_ERRORS);
}
