import type { Answer } from '../../http.ts';
import { readDay, toFile } from '../bill-files.ts';
import { BILL_TYPES } from '../bill-row.ts';
import { PayError } from '../error.ts';
import { tradeBillOf } from '../trade-bill.ts';
import type { PayWorld } from '../world.ts';
import { ReturnCodeError } from './error.ts';
import type { V2Fields } from './sign.ts';

/**
 * `/pay/downloadbill`: returns the CSV itself. Its errors are in `return_msg`, unsigned.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935219
 */
export function downloadV2Bill(world: PayWorld, fields: V2Fields): Answer {
  const { bill_date: date = '', bill_type: typeName = 'ALL', tar_type: tarType } = fields;
  const day = readDay(date.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'));
  const type = BILL_TYPES.find((known) => known === (typeName || 'ALL'));
  if (day === undefined || date.length !== 8) throw new ReturnCodeError('PARAM_ERROR', 'invalid bill_date');
  if (!type) throw new ReturnCodeError('PARAM_ERROR', 'invalid bill_type');
  if (tarType && tarType !== 'GZIP') throw new ReturnCodeError('PARAM_ERROR', 'invalid tar_type');
  try {
    const { file } = toFile(tradeBillOf(world, day, type), tarType === 'GZIP');
    return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: file };
  } catch (error) {
    if (!(error instanceof PayError)) throw error;
    if (error.code === 'NO_STATEMENT_EXIST') throw new ReturnCodeError(error.code, 'No Bill Exist');
    if (error.code === 'STATEMENT_CREATING') throw new ReturnCodeError(error.code, 'Bill Creating');
    throw new ReturnCodeError('PARAM_ERROR', 'invalid bill_date');
  }
}
