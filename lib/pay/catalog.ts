import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { SKU } from '../core/ids.ts';
import { putPrice } from '../store/prices.ts';
import type { Table } from '../store/table.ts';

const fen = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000_000));
const base = {
  sku: v.pipe(v.string(), v.regex(SKU, 'letters, digits, "_", "." and "-", at most 64')),
  // WeChat Pay rejects characters of four bytes, such as emoji.
  // See https://pay.weixin.qq.com/doc/v3/merchant/4012081709
  description: v.pipe(v.string(), v.regex(/^[^\u{10000}-\u{10FFFF}\p{Cc}]{1,127}$/u, '1 to 127 characters, no emoji')),
  kind: v.picklist(['goods', 'wallet-topup']),
};
const item = v.union(
  [
    v.strictObject({ ...base, unitFen: fen }),
    v.pipe(
      v.strictObject({ ...base, minFen: fen, maxFen: fen }),
      v.check(({ minFen, maxFen }) => minFen <= maxFen, 'minFen must not exceed maxFen'),
    ),
  ],
  'must have sku, description, kind, and either unitFen or both minFen and maxFen, in whole fen, and no other field',
);
const catalog = v.object({ items: v.pipe(v.array(item), v.minLength(1)) });

/**
 * Stores prices in place of earlier prices. Existing orders keep their amounts. Stores nothing unless every item is
 * valid.
 * @throws PARAM_ERROR naming the invalid field
 */
export async function putCatalog({ table }: { table: Table }, input: unknown): Promise<{ stored: number }> {
  const parsed = v.safeParse(catalog, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const { items } = parsed.output;
  for (const price of items) await putPrice(table, price);
  return { stored: items.length };
}
