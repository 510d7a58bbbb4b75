import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVirtualBill } from '../../../../lib/reconciliation/virtual-bill.ts';
import {
  BILL_DAY,
  inlineStrings,
  packed,
  sheetOf,
  virtualBill,
  workbook,
  type CellValue,
} from '../../../support/workbook.ts';

const DATE = '2026-11-20';
const read = (file: Uint8Array | undefined, date = DATE) => readVirtualBill(file, date);
const bill = (change: Record<string, CellValue>) => virtualBill([{ ...BILL_DAY, ...change }]);
const rejection = (message: string) =>
  expect.objectContaining({ code: 'WECHAT_UNAVAILABLE', message: expect.stringContaining(message) as string }) as Error;

describe('readVirtualBill, the columns', () => {
  it('reads count and amount of the day, and every column for the report', () => {
    expect(read(bill({}))).toEqual({
      rows: 1,
      payments: 3,
      paidFen: 5403,
      columns: Object.fromEntries(Object.entries(BILL_DAY).map(([name, value]) => [name, String(value)])),
    });
  });

  it('reads strings inside their cells, and numbers as text', () => {
    const texts = Object.fromEntries(Object.entries(BILL_DAY).map(([name, value]) => [name, String(value)]));
    expect(read(virtualBill([{ ...texts, 交易金额: '1,054.03' }], inlineStrings))).toMatchObject({
      payments: 3,
      paidFen: 105_403,
    });
  });

  it('reads columns in any order, among others, below a title, without the cells of empty columns', () => {
    const rows = [
      ['虚拟支付账单'],
      ['备注', '交易金额', '新列', '交易笔数', '出库日期'],
      [undefined, 0.3, undefined, 2, '20261120'],
    ];
    expect(read(workbook(rows))).toEqual({
      rows: 1,
      payments: 2,
      paidFen: 30,
      columns: { 备注: '', 交易金额: '0.3', 新列: '', 交易笔数: '2', 出库日期: '20261120' },
    });
  });

  it('reads a text whose parts have formats, a sheet with a prefix, and cells without a reference', () => {
    const cells = (values: string[]) => values.map((value) => `<x:c t="str"><x:v>${value}</x:v></x:c>`).join('');
    const header = `<x:row><x:c t="s"><x:v>0</x:v></x:c>${cells(['交易笔数', '交易金额'])}</x:row>`;
    const sheet = `<x:worksheet xmlns:x="a"><x:sheetData>${header}<x:row>${cells([DATE, '1', '0.01'])}</x:row></x:sheetData></x:worksheet>`;
    const strings = '<sst><si><r><t>出库</t></r><r><rPr><b/></rPr><t>日期</t></r></si></sst>';
    const file = packed({ 'xl/worksheets/sheet1.xml': sheet, 'xl/sharedStrings.xml': strings });
    expect(read(file)).toMatchObject({ payments: 1, paidFen: 1 });
  });

  it.each(['出库日期', '交易笔数', '交易金额'])(
    'rejects a bill without the column %s, and names the column',
    (name) => {
      const names = Object.keys(BILL_DAY).map((column) => (column === name ? `新${column}` : column));
      expect(() => read(workbook([names]))).toThrow(rejection(`no column ${name}`));
    },
  );
});

describe('readVirtualBill, the day', () => {
  it.each([
    ['a text', DATE],
    ['digits', '20261120'],
    ['a number of digits', 20_261_120],
    ['a text with slashes', '2026/11/20'],
    ['a text with a time', '2026-11-20 00:00:00'],
    ['a date of the sheet', 46_346],
    ['a date and time of the sheet', 46_346.5],
  ])('finds the day by %s', (_, date) => expect(read(bill({ 出库日期: date }))).toMatchObject({ rows: 1 }));

  it('finds a day without leading zeros', () => {
    expect(read(bill({ 出库日期: '2026/2/1' }), '2026-02-01')).toMatchObject({ rows: 1, payments: 3 });
  });

  it('finds each date of a sheet', () => {
    fc.assert(
      fc.property(fc.integer({ min: 40_000, max: 60_000 }), (serial) => {
        // The epoch of Unix is day 25 569 of a sheet.
        const date = new Date((serial - 25_569) * 86_400_000).toISOString().slice(0, 10);
        expect(read(bill({ 出库日期: serial }), date).rows).toBe(1);
      }),
      { numRuns: 25 },
    );
  });

  it('returns zero for a day without a row, beside other days and a row of totals', () => {
    const days = ['2026-11-19', '2026-11-21', '合计', undefined].map((date) => ({ ...BILL_DAY, 出库日期: date }));
    expect(read(virtualBill(days))).toEqual({ rows: 0, payments: 0, paidFen: 0, columns: {} });
    expect(read(undefined)).toEqual({ rows: 0, payments: 0, paidFen: 0, columns: {} });
  });

  it('rejects two rows of a day', () => {
    expect(() => read(virtualBill([BILL_DAY, BILL_DAY]))).toThrow(rejection('2 rows'));
  });
});

describe('readVirtualBill, the amounts', () => {
  it.each([
    ['0.1 and 0.2 in binary', 0.1 + 0.2, 30],
    ['18.01 as some writers store it', 18.010000000000002, 1801],
    ['1.15, which times 100 is no integer', 1.15, 115],
    ['a large sum', 12_345_678.9, 1_234_567_890],
    ['zero', 0, 0],
    ['a text with separators', '1,234,567.89', 123_456_789],
  ])('converts %s to fen', (_, yuan, fen) => expect(read(bill({ 交易金额: yuan })).paidFen).toBe(fen));

  it('converts each amount that a sheet stores as a number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 11 }), (fen) => {
        expect(read(bill({ 交易金额: fen / 100 })).paidFen).toBe(fen);
      }),
    );
  });

  it.each(['', '18.005', 18.005, '1,5', '十八', '1e999'])('rejects the amount %j', (yuan) => {
    expect(() => read(bill({ 交易金额: yuan }))).toThrow(rejection('交易金额'));
  });

  it('reads a count that is a text with separators', () => {
    expect(read(bill({ 交易笔数: '1,234' })).payments).toBe(1_234);
  });

  it.each(['', 1.5, -1, '三', '1,5'])('rejects the count %j', (count) => {
    expect(() => read(bill({ 交易笔数: count }))).toThrow(rejection('交易笔数'));
  });
});

describe('readVirtualBill, a damaged or hostile file', () => {
  const good = bill({});
  const sheet = sheetOf('<row r="1"><c r="A1"><v>1</v></c></row>');

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['an error in JSON', Buffer.from('{"errcode":-1}')],
    ['a file that is cut off', good.subarray(0, good.length - 30)],
    ['a ZIP file without a sheet', packed({})],
    ['a workbook with two sheets', packed({ 'xl/worksheets/sheet1.xml': sheet, 'xl/worksheets/sheet2.xml': sheet })],
    ['XML that ends early', packed({ 'xl/worksheets/sheet1.xml': sheet.slice(0, -20) })],
    ['XML of another kind', packed({ 'xl/worksheets/sheet1.xml': '<html/>' })],
    ['a reference to no string', packed({ 'xl/worksheets/sheet1.xml': sheet.replace('<c r="A1">', '<c t="s">') })],
    ['a reference to no cell', packed({ 'xl/worksheets/sheet1.xml': sheet.replace('<c r="A1">', '<c r="1A">') })],
  ])('rejects %s', (_, file) => {
    expect(() => read(file)).toThrow(rejection('not readable'));
  });

  it('rejects compressed content that was changed', () => {
    const changed = Buffer.from(good);
    // The first part of the archive is stored after a header of 30 bytes and its name.
    const at = changed.indexOf('xl/worksheets/sheet1.xml') + 'xl/worksheets/sheet1.xml'.length;
    changed.fill(0xff, at, at + 40);
    expect(() => read(changed)).toThrow(rejection('not readable'));
  });

  it('rejects a document type, whose entities could grow without limit', () => {
    const xml = `<!DOCTYPE a [<!ENTITY b "${'x'.repeat(100)}">]>${sheet}`;
    expect(() => read(packed({ 'xl/worksheets/sheet1.xml': xml }))).toThrow(rejection('document type'));
  });

  it('rejects a large part before it is unpacked', () => {
    const file = packed({ 'xl/worksheets/sheet1.xml': sheetOf(' '.repeat(1024 * 1024)) });
    expect(file.length).toBeLessThan(10_000);
    expect(() => read(file)).toThrow(rejection('more than 1048576 bytes'));
  });

  it('keeps no more bytes of a part than its declared size', () => {
    const file = packed({ 'xl/worksheets/sheet1.xml': sheetOf(' '.repeat(1024 * 1024)) });
    // The size in the central directory, 24 bytes after the signature of its entry.
    const entry = file.lastIndexOf('xl/worksheets/sheet1.xml') - 46;
    expect(file.readUInt32LE(entry)).toBe(0x02014b50);
    file.writeUInt32LE(200, entry + 24);
    expect(() => read(file)).toThrow(rejection('a part is not valid'));
    file.writeUInt32LE(0xfffffff0, entry + 24);
    expect(() => read(file)).toThrow(rejection('more than 1048576 bytes'));
  });

  it('rejects an archive that declares more parts than a workbook has', () => {
    const parts = Object.fromEntries(Array.from({ length: 100 }, (_, part) => [`a${part}`, '<a/>']));
    expect(() => read(packed({ ...parts, 'xl/worksheets/sheet1.xml': sheet }))).toThrow(rejection('100 parts'));
  });
});
