import { AppError } from '../core/errors.ts';

/** The columns to read. A header line that begins with the first summary column starts the summary. */
export interface SheetFormat<Column extends string, Sum extends string> {
  columns: readonly Column[];
  summary: readonly [Sum, ...Sum[]];
  /** Names in the bills of older merchants. They apply to a header that has none of the newer names. */
  older?: Partial<Record<Column | Sum, string>>;
}

type Cells<Name extends string> = Record<Name, string>;

/**
 * Reads the rows of a bill as records of the requested columns, and passes its summary to `onSummary`. Accepts UTF-8
 * with or without BOM, lines that end in CRLF or LF, and columns in any order, with other columns between them.
 * @throws WECHAT_UNAVAILABLE when a column or a cell is missing, a line is too long, or the bill ends before its
 * summary
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071238
 */
export async function* readSheet<Column extends string, Sum extends string>(
  chunks: AsyncIterable<Uint8Array>,
  { columns, summary, older = {} }: SheetFormat<Column, Sum>,
  onSummary: (sums: Cells<Sum>) => void,
): AsyncGenerator<Cells<Column>, void> {
  let pickRow: ((cells: string[], line: number) => Cells<Column>) | undefined;
  let pickSummary: ((cells: string[], line: number) => Cells<Sum>) | undefined;
  let line = 0;
  for await (const text of linesOf(chunks)) {
    line += 1;
    if (text === '') continue;
    const cells = cellsOf(text);
    if (pickSummary) return onSummary(pickSummary(cells, line));
    if (!pickRow) pickRow = columnPicker(cells, columns, older);
    else if (nameOf(cells[0]!) === summary[0]) pickSummary = columnPicker(cells, summary, older);
    else yield pickRow(cells, line);
  }
  throw new AppError('WECHAT_UNAVAILABLE', `The bill ends in line ${line}, before its summary`);
}

/** Each value begins with a backtick, so a comma and a backtick separate two values. Column names have no backtick. */
function cellsOf(line: string): string[] {
  return line.startsWith('`') ? line.slice(1).split(',`') : line.split(',');
}

/** WeChat writes the column names of the fund-flow bill with half-width or full-width parentheses. */
function nameOf(cell: string): string {
  return cell.trim().replace('（', '(').replace('）', ')');
}

/** Returns a function that picks the requested columns from the cells of a line. */
function columnPicker<Name extends string>(
  header: string[],
  requested: readonly Name[],
  older: Partial<Record<Name, string>>,
) {
  const names = header.map(nameOf);
  const isOlder =
    requested.some((name) => older[name]) && !requested.some((name) => older[name] && names.includes(name));
  const places = requested.map((name) => ({ name, at: names.indexOf((isOlder && older[name]) || name) }));
  const missing = places.find(({ at }) => at < 0);
  if (missing) throw new AppError('WECHAT_UNAVAILABLE', `The bill has no column ${missing.name}`);
  return (cells: string[], line: number): Cells<Name> => {
    const picked: Partial<Cells<Name>> = {};
    for (const { name, at } of places) {
      const cell = cells[at];
      if (cell === undefined) throw new AppError('WECHAT_UNAVAILABLE', `Line ${line} of the bill has no ${name}`);
      picked[name] = cell;
    }
    return picked as Cells<Name>;
  };
}

const MAX_LINE_CHARS = 1024 * 1024;

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  // Joins characters whose bytes are split between chunks, and removes the BOM.
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    if (rest.length > MAX_LINE_CHARS) throw new AppError('WECHAT_UNAVAILABLE', 'A line of the bill is too long');
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest.endsWith('\r') ? rest.slice(0, -1) : rest;
}
