// Workbooks (XLSX, ECMA-376) with one sheet, as several writers make them. Shares no code with the simulator.
import { strToU8, zipSync } from 'fflate';

/** A date of a sheet is a number: the days since 1899-12-30. */
export type CellValue = string | number | undefined;

/** The columns of the bill of virtual payment, and a day with 3 payments of 54.03 yuan. */
export const BILL_DAY = {
  出库日期: '2026-11-20',
  交易笔数: 3,
  交易金额: 54.03,
  昨日交易笔数: 1,
  昨日交易金额: 18,
  退款笔数: 1,
  技术服务费: 0.54,
  平台回退金额: 0,
  退款金额: 18,
  结算金额: 35.49,
  CPS服务费: 0,
} as const;

/** Writes the cells of a row. `column` counts from 0. */
export type WriteCell = (value: string | number, at: { column: number; row: number; shared: string[] }) => string;

const sharedStrings: WriteCell = (value, { column, row, shared }) => {
  if (typeof value === 'number') return `<c r="${nameOf(column)}${row}"><v>${value}</v></c>`;
  return `<c r="${nameOf(column)}${row}" t="s"><v>${shared.push(value) - 1}</v></c>`;
};

export const inlineStrings: WriteCell = (value, { column, row }) =>
  `<c r="${nameOf(column)}${row}" s="1" t="inlineStr"><is><t xml:space="preserve">${value}</t></is></c>`;

/** Packs the sheet and the shared strings of a workbook. */
export function workbook(rows: CellValue[][], write: WriteCell = sharedStrings): Buffer {
  const shared: string[] = [];
  const lines = rows.map((cells, index) => {
    const row = index + 1;
    const written = cells.map((value, column) => (value === undefined ? '' : write(value, { column, row, shared })));
    return `<row r="${row}" spans="1:${cells.length}">${written.join('')}</row>`;
  });
  return packed({
    'xl/worksheets/sheet1.xml': sheetOf(lines.join('')),
    'xl/sharedStrings.xml': `<sst xmlns="${MAIN}">${shared.map((text) => `<si><t>${text}</t></si>`).join('')}</sst>`,
  });
}

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';

/** Returns the sheet of these rows. */
export function sheetOf(rows: string): string {
  return `<worksheet xmlns="${MAIN}"><dimension ref="A1"/><sheetData>${rows}</sheetData></worksheet>`;
}

/** Packs the parts of a workbook, beside those that the reader ignores. */
export function packed(parts: Record<string, string>, level: 0 | 6 = 6): Buffer {
  const all = { '[Content_Types].xml': '<Types/>', 'xl/workbook.xml': '<workbook/>', ...parts };
  const bytes = Object.entries(all).map(([name, xml]) => [name, strToU8(DECLARATION + xml)]);
  return Buffer.from(zipSync(Object.fromEntries(bytes) as Record<string, Uint8Array>, { level }));
}

/** Builds the bill of virtual payment with one row a day. */
export function virtualBill(days: Record<string, CellValue>[], write?: WriteCell): Buffer {
  const names = Object.keys(BILL_DAY);
  return workbook([names, ...days.map((day) => names.map((name) => day[name]))], write);
}

function nameOf(column: number): string {
  return String.fromCharCode(65 + column);
}
