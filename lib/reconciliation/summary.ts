import { AppError } from '../core/errors.ts';
import { fenOf } from './fen.ts';

/** What the summary of a bill must say, by column: counts, and amounts in fen with what else may be meant by them. */
export interface Sums {
  counts: Record<string, number>;
  fen: Record<string, number[]>;
}

/**
 * That the lines of a bill come to what its summary says: a bill of API v2 has no hash, so this is how a part of one is
 * told from the whole. @throws WECHAT_UNAVAILABLE
 */
export function assertSums(summary: Record<string, string>, { counts, fen }: Sums): void {
  const counted = Object.entries(counts).find(([column, count]) => summary[column] !== String(count));
  const summed = Object.entries(fen).find(([column, sums]) => !sums.includes(fenOf(summary[column]!, column)));
  const [column, value] = counted ?? summed ?? [];
  if (column === undefined) return;
  throw new AppError('WECHAT_UNAVAILABLE', `The bill says ${column} ${summary[column]}, and its lines say ${value}`);
}
