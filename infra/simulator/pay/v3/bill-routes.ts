import type { Call } from '../../http.ts';
import { beijingDay } from '../../beijing-time.ts';
import { fundFlowBill } from '../bill-csv.ts';
import { readDay, toFile } from '../bill-files.ts';
import { BILL_TYPES } from '../bill-row.ts';
import { tradeBillOf } from '../trade-bill.ts';
import { foreignRows, rowsOfDay } from '../bills.ts';
import { PayError } from '../error.ts';
import { object, required, text } from '../rule.ts';
import type { PayWorld } from '../world.ts';
import { invalidFieldError, readQuery } from './route.ts';
import type { V3Route } from './route.ts';

interface BillQuery {
  bill_date: string;
  tar_type?: string;
}

const common = { bill_date: required(text(10, /^\d{4}-\d\d-\d\d$/)), tar_type: text(4, /^GZIP$/) };
const tradeRule = object({ ...common, bill_type: text(32, new RegExp(`^(${BILL_TYPES.join('|')})$`)) });
const fundFlowRule = object({ ...common, account_type: text(32, /^(BASIC|OPERATION|FEES)$/) });

/**
 * The trade bill, the fund-flow bill and their download.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071227
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071235
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071238
 */
export function billRoutes(world: PayWorld): V3Route[] {
  const { bills, billFiles } = world;
  return [
    {
      method: 'GET',
      path: /^\/v3\/bill\/tradebill$/,
      handler: (call) => {
        const query = readQuery<BillQuery & { bill_type?: string }>(call, tradeRule);
        const type = BILL_TYPES.find((known) => known === query.bill_type) ?? 'ALL';
        const day = dayOf(query);
        return offerDownload(world, call, query, tradeBillOf(world, day, type));
      },
    },
    {
      method: 'GET',
      path: /^\/v3\/bill\/fundflowbill$/,
      handler: (call) => {
        const query = readQuery<BillQuery & { account_type?: string }>(call, fundFlowRule);
        const day = dayOf(query);
        const rows = bills.rowsUntil(day);
        // The simulator moves all money on the basic account.
        if ((query.account_type ?? 'BASIC') !== 'BASIC')
          throw new PayError(400, 'NO_STATEMENT_EXIST', '账单文件不存在');
        const hasForeign = world.faults.takeVariant('bill', 'foreign-lines');
        const own = rows.filter(({ at }) => beijingDay(at) === day);
        const today = hasForeign ? [...own, ...foreignRows(day)] : rowsOfDay(rows, day);
        const before = rows.slice(0, rows.length - own.length);
        return offerDownload(world, call, query, fundFlowBill(before, today, hasForeign ? 4 : 0));
      },
    },
    {
      method: 'GET',
      path: /^\/v3\/billdownload\/file$/,
      handler: (call) => billFiles.read(call.query.get('token') ?? ''),
    },
  ];
}

function dayOf({ bill_date: date }: BillQuery): number {
  const day = readDay(date);
  if (day === undefined)
    throw invalidFieldError('query', { field: '/bill_date', value: date, issue: '不是合法的日期' });
  return day;
}

function offerDownload({ billFiles, faults }: PayWorld, call: Call, query: BillQuery, bill: string): object {
  const { file, hash } = toFile(bill, query.tar_type === 'GZIP');
  return {
    hash_type: 'SHA1',
    hash_value: faults.forBill() ? hash.replaceAll(/./g, '0') : hash,
    download_url: `http://${call.headers.host}/v3/billdownload/file?token=${billFiles.store(file)}`,
  };
}
