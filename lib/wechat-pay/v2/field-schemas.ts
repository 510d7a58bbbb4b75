import * as v from 'valibot';
import { fromBeijing } from '../../core/beijing-time.ts';

/** An id of WeChat or of this service. The length is limited, because the id can become part of a key in the table. */
export const idText = v.pipe(v.string(), v.maxLength(64));
/** Whole fen as text, converted to a number. */
export const fenText = v.pipe(v.string(), v.digits(), v.transform(Number), v.safeInteger());
/** A Beijing time without a time zone, converted to ISO 8601. */
export const beijingText = v.pipe(
  v.string(),
  v.transform(fromBeijing),
  v.finite(),
  v.transform((ms) => new Date(ms).toISOString()),
);
