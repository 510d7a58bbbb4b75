import { AppError } from '../core/errors.ts';

const YUAN = /^([-+]?)(\d{1,13})(?:\.(\d*))?$/;

/**
 * Converts yuan such as `0.01` or `-12.5` to fen. The conversion moves the decimal point in the text, because binary
 * fractions are inexact. An empty cell is 0, because some columns apply only to other kinds of lines. `column` appears
 * in the error message.
 * @throws WECHAT_UNAVAILABLE when the text is not an amount of whole fen
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071238
 */
export function fenOf(yuan: string, column: string): number {
  if (yuan === '') return 0;
  const [, sign, whole, decimals = ''] = YUAN.exec(yuan) ?? [];
  if (whole === undefined || /[1-9]/.test(decimals.slice(2))) {
    throw new AppError('WECHAT_UNAVAILABLE', `${column} of the bill is not an amount: ${yuan.slice(0, 40)}`);
  }
  const fen = Number(whole + decimals.slice(0, 2).padEnd(2, '0'));
  return sign === '-' && fen > 0 ? -fen : fen;
}
