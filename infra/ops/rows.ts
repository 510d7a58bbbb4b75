import { SECRET_NAMES } from '../../lib/core/config.ts';
import { AppError } from '../../lib/core/errors.ts';
import { explain } from './refusal.ts';

/** ✓ as it must be; ! works, and should be looked at; ✗ does not work; – not set up and not needed, or nothing to try it on. */
type Mark = '✓' | '!' | '✗' | '–';

export interface Row {
  mark: Mark;
  name: string;
  note: string;
}

/** What a check found when it is not simply in order. */
export interface Finding {
  mark: Mark;
  note: string;
}

/** One check: what it returns is the note behind its tick, what it throws is what is wrong. */
export async function row(name: string, check: () => Promise<string | Finding> | string | Finding): Promise<Row> {
  try {
    const found = await check();
    return typeof found === 'string' ? { mark: '✓', name, note: found } : { ...found, name };
  } catch (error) {
    return { mark: '✗', name, note: explain(error) + whatToDo(error) };
  }
}

/** Where the setting is mended that an error is about. */
function whatToDo(error: unknown): string {
  const setting = error instanceof AppError && error.code === 'NOT_CONFIGURED' ? error.detail?.setting : undefined;
  if (typeof setting !== 'string') return '';
  const isSecret = (SECRET_NAMES as readonly string[]).includes(setting);
  return isSecret ? ` → npm run secrets -- put ${setting}` : ` → ${setting} in .env.<stage>`;
}

/** As the longest name, so that groups that are printed one by one stand in one column. */
const NAME_WIDTH = 'MINIAPP_APP_SECRET'.length + 3;

/** A group of checks for a person to read, one line each. */
export function formatGroup(title: string, rows: Row[]): string {
  return [title, ...rows.map(formatRow)].join('\n');
}

export function formatRow({ mark, name, note }: Row): string {
  return `  ${mark} ${name.padEnd(NAME_WIDTH)}${note}`.trimEnd();
}

/** The last line: how it ended. */
export function formatEnd(rows: Row[]): string {
  const count = (mark: Mark) => rows.filter((one) => one.mark === mark).length;
  const wrong = count('✗');
  const doubtful = count('!');
  const also = doubtful > 0 ? `, ${doubtful} to look at` : '';
  return wrong > 0 ? `${wrong} of ${rows.length} checks failed${also}` : `${rows.length} checks, nothing wrong${also}`;
}

/** For CI. */
export function exitCodeOf(rows: Row[]): number {
  return rows.some(({ mark }) => mark === '✗') ? 1 : 0;
}
