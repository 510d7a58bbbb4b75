import { AppError } from '../core/errors.ts';
import { fenOf } from './fen.ts';
import { readWorkbook, type Cell, type Row } from './workbook.ts';

/** The payments of a day in the bill of virtual payment. */
export interface VirtualBillDay {
  /** 0 or 1: a day without payments may have no row. */
  rows: number;
  payments: number;
  paidFen: number;
  /** The cells of the row by the name of their column, for the report. */
  columns: Record<string, string>;
}

const EMPTY_DAY: VirtualBillDay = { rows: 0, payments: 0, paidFen: 0, columns: {} };

const DATE = '出库日期';
const COUNT = '交易笔数';
const AMOUNT = '交易金额';

/**
 * Reads the payments of a day from the bill of virtual payment, which has one row of totals a day. Amounts are read as
 * yuan; WeChat does not document the unit.
 * @param file the workbook; undefined if WeChat has no data of the day
 * @param date `yyyy-mm-dd` in Beijing
 * @throws WECHAT_UNAVAILABLE when the workbook is not readable, lacks a column or has another form
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_download_bill
 */
export function readVirtualBill(file: Uint8Array | undefined, date: string): VirtualBillDay {
  if (!file) return EMPTY_DAY;
  const rows = readWorkbook(file);
  const header = rows.findIndex((row) => [...row.values()].some(({ text }) => text.trim() === DATE));
  const names = namesOf(rows[header]);
  const [dateColumn, countColumn, amountColumn] = [DATE, COUNT, AMOUNT].map((name) => columnNamed(names, name));
  const ofDay = rows.slice(header + 1).filter((row) => dateOf(row.get(dateColumn!)) === date);
  if (ofDay.length > 1) throw new AppError('WECHAT_UNAVAILABLE', `The bill has ${ofDay.length} rows of ${date}`);
  const [row] = ofDay;
  if (!row) return EMPTY_DAY;
  return {
    rows: 1,
    payments: countOf(plainText(row.get(countColumn!))),
    paidFen: amountOf(plainText(row.get(amountColumn!))),
    columns: Object.fromEntries([...names].map(([column, name]) => [name, plainText(row.get(column))])),
  };
}

function namesOf(header: Row = new Map()): Map<number, string> {
  return new Map([...header].map(([column, { text }]) => [column, text.trim()]));
}

function columnNamed(names: Map<number, string>, name: string): number {
  for (const [column, found] of names) if (found === name) return column;
  throw new AppError('WECHAT_UNAVAILABLE', `The bill of virtual payment has no column ${name}`);
}

/**
 * Returns the text of a cell, and a number with the 15 digits that a sheet guarantees: 18.01 can be stored as
 * 18.010000000000002.
 */
function plainText({ text, isNumber }: Cell = { text: '', isNumber: false }): string {
  if (isNumber) return String(Number(Number(text).toPrecision(15)));
  return text.trim();
}

function countOf(text: string): number {
  const count = withoutSeparators(text);
  if (/^\d{1,9}$/.test(count)) return Number(count);
  throw new AppError('WECHAT_UNAVAILABLE', `${COUNT} of the bill is not a number: ${text.slice(0, 40)}`);
}

function amountOf(text: string): number {
  if (text === '') throw new AppError('WECHAT_UNAVAILABLE', `${AMOUNT} of the bill is missing`);
  return fenOf(withoutSeparators(text), AMOUNT);
}

/** Removes the separators of thousands that a text may have. */
function withoutSeparators(text: string): string {
  return text.replaceAll(/,(?=\d{3}(?:\D|$))/g, '');
}

const DAY_MS = 86_400_000;
/** Day 0 of the dates of a sheet, for dates since March 1900. */
const SHEET_EPOCH_MS = Date.UTC(1899, 11, 30);

/** Returns the date of a cell as `yyyy-mm-dd`; undefined for other content, such as the name of a row of totals. */
function dateOf(cell: Cell | undefined): string | undefined {
  const text = plainText(cell);
  const parts = /^(\d{4})(\d\d)(\d\d)$/.exec(text) ?? /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T].*)?$/.exec(text);
  if (parts)
    return parts
      .slice(1)
      .map((part) => part.padStart(2, '0'))
      .join('-');
  if (!/^\d{5}(?:\.\d+)?$/.test(text)) return undefined;
  return new Date(SHEET_EPOCH_MS + Math.floor(Number(text)) * DAY_MS).toISOString().slice(0, 10);
}
