import * as v from 'valibot';
import { fromBeijing } from '../../core/beijing-time.ts';

/** An id given by WeChat or by us. Its length is limited, because it may become a key of the table. */
export const idText = v.pipe(v.string(), v.maxLength(64));
/** Whole fen as text. */
export const fenText = v.pipe(v.string(), v.digits(), v.transform(Number), v.safeInteger());
/** A time of Beijing without a zone, as ISO 8601. */
export const beijingText = v.pipe(
  v.string(),
  v.transform(fromBeijing),
  v.finite(),
  v.transform((ms) => new Date(ms).toISOString()),
);
