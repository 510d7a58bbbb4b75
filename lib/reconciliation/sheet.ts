import { AppError } from '../core/errors.ts';

/** What is wanted of a bill, by the names of its columns; the first one of the summary tells where the summary begins. */
export interface SheetForm<Column extends string, Sum extends string> {
  columns: readonly Column[];
  summary: readonly [Sum, ...Sum[]];
}

type Cells<Name extends string> = Record<Name, string>;

/**
 * The rows of a bill, each a record of the wanted columns, and then its summary, to `onSummary` (pay 2.10). UTF-8 with
 * or without BOM, lines ending in CRLF or LF, columns in any order, others among them.
 * @throws WECHAT_UNAVAILABLE that names a column that is missing, or when the bill ends before its summary
 */
export async function* readSheet<Column extends string, Sum extends string>(
  chunks: AsyncIterable<Uint8Array>,
  { columns, summary }: SheetForm<Column, Sum>,
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
    if (!pickRow) pickRow = pick(cells, columns);
    else if (nameOf(cells[0]!) === summary[0]) pickSummary = pick(cells, summary);
    else yield pickRow(cells, line);
  }
  throw new AppError('WECHAT_UNAVAILABLE', `The bill ends in line ${line}, before its summary`);
}

/** Values carry a backtick and no commas (pay 2.10); names stand without one. */
function cellsOf(line: string): string[] {
  return line.startsWith('`') ? line.slice(1).split(',`') : line.split(',');
}

/** The columns of the fund-flow bill are written with parentheses of either width. */
function nameOf(cell: string): string {
  return cell.trim().replace('（', '(').replace('）', ')');
}

function pick<Name extends string>(header: string[], wanted: readonly Name[]) {
  const names = header.map(nameOf);
  const places = wanted.map((name) => ({ name, at: names.indexOf(name) }));
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

const MAX_LINE = 1024 * 1024;

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  // Keeps a character whose bytes come in two chunks, and takes off the BOM.
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    if (rest.length > MAX_LINE) throw new AppError('WECHAT_UNAVAILABLE', 'The bill has a line that never ends');
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest.endsWith('\r') ? rest.slice(0, -1) : rest;
}
