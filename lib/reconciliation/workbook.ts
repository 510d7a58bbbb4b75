import { XMLParser } from 'fast-xml-parser';
import { unzipSync } from 'fflate';
import * as v from 'valibot';
import { AppError } from '../core/errors.ts';

/** A cell with a value. A number has the text of the file, such as `18.010000000000002`. */
export interface Cell {
  text: string;
  isNumber: boolean;
}

/** The cells of a row by column, counted from 1. Cells without a value are absent. */
export type Row = ReadonlyMap<number, Cell>;

const SHARED_STRINGS = 'xl/sharedStrings.xml';
const SHEET = /^xl\/worksheets\/[^/]+\.xml$/;
const MAX_PARTS = 100;
const MAX_PART_BYTES = 1024 * 1024;

/**
 * Reads the rows of a workbook (XLSX, ECMA-376) with one sheet, from top to bottom.
 * @throws WECHAT_UNAVAILABLE when the file is no such workbook, is damaged or too large
 */
export function readWorkbook(file: Uint8Array): Row[] {
  const parts = unzip(file);
  const sheets = Object.keys(parts).filter((name) => SHEET.test(name));
  if (sheets.length !== 1) throw unreadable(`it has ${sheets.length} sheets`);
  const strings = parts[SHARED_STRINGS];
  const shared = strings ? parsePart(sharedStringsSchema, strings).sst.si.map(textOf) : [];
  const { row: rows } = parsePart(sheetSchema, parts[sheets[0]!]!).worksheet.sheetData;
  return rows.map(({ c: cells }) => readRow(cells, shared));
}

/** Unpacks the sheets and the strings. The sizes that the file declares limit the memory, and longer content is cut off. */
function unzip(file: Uint8Array): Record<string, Uint8Array> {
  let parts = 0;
  const filter = ({ name, originalSize }: { name: string; originalSize: number }) => {
    parts += 1;
    if (parts > MAX_PARTS) throw unreadable(`it has more than ${MAX_PARTS} parts`);
    if (name !== SHARED_STRINGS && !SHEET.test(name)) return false;
    if (originalSize > MAX_PART_BYTES) throw unreadable(`a part has more than ${MAX_PART_BYTES} bytes`);
    return true;
  };
  try {
    return unzipSync(file, { filter });
  } catch (cause) {
    throw cause instanceof AppError ? cause : unreadable('it is no ZIP file, or is damaged', cause);
  }
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  alwaysCreateTextNode: true,
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => ['row', 'c', 'si', 'r'].includes(name),
});

const textSchema = v.optional(v.object({ '#text': v.string() }), { '#text': '' });
const runs = v.optional(v.array(v.object({ t: textSchema })), []);
const stringSchema = v.object({ t: textSchema, r: runs });
const cellSchema = v.object({
  '@r': v.optional(v.string()),
  '@t': v.optional(v.string(), 'n'),
  v: v.optional(v.object({ '#text': v.string() })),
  is: v.optional(stringSchema),
});
const rowSchema = v.object({ c: v.optional(v.array(cellSchema), []) });
const sheetSchema = v.object({
  worksheet: v.object({ sheetData: v.object({ row: v.optional(v.array(rowSchema), []) }) }),
});
const sharedStringsSchema = v.object({ sst: v.object({ si: v.optional(v.array(stringSchema), []) }) });

/** Parses a part. No writer of workbooks uses a document type, which could define entities. */
function parsePart<Schema extends v.GenericSchema>(schema: Schema, part: Uint8Array): v.InferOutput<Schema> {
  try {
    const xml = new TextDecoder('utf-8', { fatal: true }).decode(part);
    if (xml.includes('<!DOCTYPE')) throw unreadable('it defines a document type');
    return v.parse(schema, parser.parse(xml, true));
  } catch (cause) {
    throw cause instanceof AppError ? cause : unreadable('a part is not valid', cause);
  }
}

/** Returns the text of a string, whose parts may have different formats. */
function textOf({ t, r: formatted }: v.InferOutput<typeof stringSchema>): string {
  return t['#text'] + formatted.map((run) => run.t['#text']).join('');
}

function readRow(cells: v.InferOutput<typeof cellSchema>[], shared: string[]): Row {
  const row = new Map<number, Cell>();
  let column = 0;
  for (const { '@r': reference, '@t': type, v: value, is } of cells) {
    // Writers may omit the reference of a cell that follows the previous cell.
    column = reference === undefined ? column + 1 : columnOf(reference);
    const text = is ? textOf(is) : type === 's' ? sharedText(shared, value?.['#text']) : value?.['#text'];
    if (text !== undefined && text !== '') row.set(column, { text, isNumber: type === 'n' && !is });
  }
  return row;
}

function sharedText(shared: string[], index: string | undefined): string {
  const text = index === undefined ? undefined : shared[Number(index)];
  if (text === undefined) throw unreadable('a cell refers to a missing string');
  return text;
}

/** Returns the column of a reference such as `AB12`. */
function columnOf(reference: string): number {
  const letters = /^([A-Z]{1,3})\d+$/.exec(reference)?.[1];
  if (letters === undefined) throw unreadable('a cell has no valid reference');
  return [...letters].reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0);
}

function unreadable(reason: string, cause?: unknown): AppError {
  return new AppError('WECHAT_UNAVAILABLE', `The workbook of the bill is not readable: ${reason}`, { cause });
}
