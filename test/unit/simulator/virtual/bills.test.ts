// The settlement summary, a workbook of one sheet.
import { strFromU8, unzipSync } from 'fflate';
import { XMLParser } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import { call, planFault } from '../support.ts';
import { useVirtualShop } from './support.ts';

const DAY_MS = 86_400_000;
const { simulator, buy, post, act } = useVirtualShop();
const xml = new XMLParser({
  ignoreAttributes: false,
  parseTagValue: false,
  isArray: (name) => /^(row|c|si)$/.test(name),
});

/** The day `ago` days before today, as 20260831. */
const dayNumber = (ago: number) =>
  Number(new Date(simulator.now() - ago * DAY_MS + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', ''));
const ask = (first: number, last = first) =>
  post('download_bill', { begin_ds: dayNumber(first), end_ds: dayNumber(last) });
const download = async (first: number, last = first) => {
  expect(await ask(first, last)).toMatchObject({ errcode: 268490011 });
  const { url, ...answer } = await ask(first, last);
  expect(answer).toEqual({ errcode: 0, errmsg: 'OK', total_cnt: first - last + 1 });
  return readRows(Buffer.from(await (await fetch(url)).arrayBuffer()));
};

interface Cell {
  '@_t'?: string;
  v: string;
  is: { t: string };
}

function readRows(file: Buffer): string[][] {
  const files = unzipSync(file);
  const parse = (name: string) => xml.parse(strFromU8(files[name]!));
  const strings = parse('xl/sharedStrings.xml').sst.si ?? [];
  return parse('xl/worksheets/sheet1.xml').worksheet.sheetData.row.map(({ c }: { c: Cell[] }) =>
    c.map((cell) => {
      if (cell['@_t'] === 'inlineStr') return cell.is.t;
      return cell['@_t'] === 's' ? strings[Number(cell.v)].t : cell.v;
    }),
  );
}

test('has one row a day: counts, amounts in yuan, refunds, fee and settlement', async () => {
  const { outTradeNo } = await buy();
  await buy({ buyQuantity: 1 });
  await buy({}, { apple: true });
  await act('console-refund', { outTradeNo, amountFen: 50 });
  await simulator.advanceClock(DAY_MS);
  await buy({ buyQuantity: 2 });
  await simulator.advanceClock(DAY_MS);
  const [columns, first, second] = await download(2, 1);
  expect(columns).toEqual(
    '出库日期 交易笔数 交易金额 昨日交易笔数 昨日交易金额 退款笔数 技术服务费 平台回退金额 退款金额 结算金额 CPS服务费'.split(
      ' ',
    ),
  );
  const dateOf = (ago: number) => String(dayNumber(ago)).replace(/(\d{4})(\d\d)(\d\d)/, '$1-$2-$3');
  expect(first).toEqual([dateOf(2), '2', '4', '0', '0', '1', '0.04', '0', '0.5', '3.46', '0']);
  expect(second).toEqual([dateOf(1), '1', '2', '2', '4', '0', '0.02', '0', '0', '1.98', '0']);
});

test('can differ from the orders, and have text cells as a variant', async () => {
  await buy();
  await simulator.advanceClock(DAY_MS);
  await act('distort-bill', { addCount: 1, addFen: 100 });
  await ask(1);
  await planFault(simulator, 'virtual-bill', 'text-cells');
  const { url } = await ask(1);
  const [, row] = readRows(Buffer.from(await (await fetch(url)).arrayBuffer()));
  expect(row!.slice(1, 3)).toEqual(['2', '4']);
});

test('is rejected for a day that has not ended, and for wrong dates', async () => {
  expect(await ask(0)).toMatchObject({ errcode: 268490002 });
  expect(await ask(1, 2)).toMatchObject({ errcode: 268490002 });
  const wrong = { begin_ds: 20_260_231, end_ds: 20_260_231 };
  expect(await post('download_bill', wrong)).toMatchObject({ errcode: 268490002 });
  expect(await post('download_bill', { begin_ds: '20260101', end_ds: '20260101' })).toMatchObject({
    errcode: 268490002,
  });
  expect((await call(simulator, 'GET', '/xpay-bills/file?token=1')).status).toBe(403);
});
