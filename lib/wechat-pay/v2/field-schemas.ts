import * as v from 'valibot';
import { fromBeijing } from '../../core/beijing-time.ts';

/** An id of WeChat or of this service. Its length is limited, because it can become a key of the table. */
export const idText = v.pipe(v.string(), v.maxLength(64));
/** Whole fen as text, converted to a number. */
export const fenText = v.pipe(v.string(), v.digits(), v.transform(Number), v.safeInteger());
/** A time in Beijing without a zone, converted to ISO 8601. */
export const beijingText = v.pipe(
  v.string(),
  v.transform(fromBeijing),
  v.finite(),
  v.transform((ms) => new Date(ms).toISOString()),
);
