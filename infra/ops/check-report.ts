import { SECRET_NAMES } from '../../lib/core/config.ts';
import { AppError } from '../../lib/core/errors.ts';
import { explainError } from './command.ts';

/** ✓ passed; ! works, but needs a look; ✗ failed; – not set up and not needed, or impossible to check. */
type Mark = '✓' | '!' | '✗' | '–';

export interface CheckResult {
  mark: Mark;
  name: string;
  note: string;
}

/** The outcome of a check that sets its own mark instead of a tick. */
export interface CheckOutcome {
  mark: Mark;
  note: string;
}

/** Runs a check. It returns the note for its tick, or throws when it fails. */
export async function runCheck(
  name: string,
  check: () => Promise<string | CheckOutcome> | string | CheckOutcome,
): Promise<CheckResult> {
  try {
    const outcome = await check();
    return typeof outcome === 'string' ? { mark: '✓', name, note: outcome } : { ...outcome, name };
  } catch (error) {
    return { mark: '✗', name, note: explainError(error) + suggestFix(error) };
  }
}

/** Returns the command or the file that sets the setting of an error. */
function suggestFix(error: unknown): string {
  const setting = error instanceof AppError && error.code === 'NOT_CONFIGURED' ? error.detail?.setting : undefined;
  if (typeof setting !== 'string') return '';
  const isSecret = (SECRET_NAMES as readonly string[]).includes(setting);
  return isSecret ? ` → npm run secrets -- put ${setting}` : ` → ${setting} in .env.<stage>`;
}

/** Fits the longest name, because groups are printed one by one and share a column. */
const NAME_WIDTH = 'MINIAPP_APP_SECRET'.length + 3;

/** Formats a group of checks, one line each. */
export function formatGroup(title: string, results: CheckResult[]): string {
  return [title, ...results.map(formatResult)].join('\n');
}

export function formatResult({ mark, name, note }: CheckResult): string {
  return `  ${mark} ${name.padEnd(NAME_WIDTH)}${note}`.trimEnd();
}

/** Formats the last line: the number of checks and of failures. */
export function formatSummary(results: CheckResult[]): string {
  const count = (mark: Mark) => results.filter((result) => result.mark === mark).length;
  const failures = count('✗');
  const warnings = count('!');
  const suffix = warnings > 0 ? `, ${warnings} to look at` : '';
  return failures > 0
    ? `${failures} of ${results.length} checks failed${suffix}`
    : `${results.length} checks, nothing wrong${suffix}`;
}

/** Returns the exit code for CI: 1 when a check failed. */
export function exitCodeOf(results: CheckResult[]): number {
  return results.some(({ mark }) => mark === '✗') ? 1 : 0;
}
