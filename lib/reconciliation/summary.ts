import { AppError } from '../core/errors.ts';
import { fenOf } from './fen.ts';

/** Expected values of a bill's summary, by column: each count, and for each amount (fen) every accepted value. */
export interface ExpectedSummary {
  counts: Record<string, number>;
  fen: Record<string, number[]>;
}

/**
 * Checks the summary of a bill against its lines. A bill of API v2 has no hash, so only the summary reveals missing
 * lines.
 * @throws WECHAT_UNAVAILABLE when a value differs
 */
export function assertSummary(summary: Record<string, string>, { counts, fen }: ExpectedSummary): void {
  for (const [column, count] of Object.entries(counts)) {
    if (summary[column] !== String(count)) throw differing(column, summary, String(count));
  }
  for (const [column, amounts] of Object.entries(fen)) {
    if (!amounts.includes(fenOf(summary[column]!, column))) {
      throw differing(column, summary, `${amounts.join(' or ')} fen`);
    }
  }
}

function differing(column: string, summary: Record<string, string>, expected: string): AppError {
  const message = `The bill's summary has ${column} ${summary[column]}; its lines add up to ${expected}`;
  return new AppError('WECHAT_UNAVAILABLE', message);
}
