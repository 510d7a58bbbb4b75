import * as v from 'valibot';
import { DELIVERIES } from '../core/delivery.ts';
import { AppError } from '../core/errors.ts';
import { SKU } from '../core/ids.ts';
import { PLAIN_TEXT } from '../core/utf8.ts';
import { isVirtualGood, putPrice, type Price } from '../store/prices.ts';
import { DESCRIPTION_BYTES } from './price.ts';
import { publishGoods, type GoodView, type PublishDeps } from './publish-goods.ts';

const fen = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000_000));
const base = {
  sku: v.pipe(v.string(), v.regex(SKU, 'letters, digits, "_", "." and "-", at most 64')),
  // WeChat Pay rejects characters of four bytes.
  // See https://pay.weixin.qq.com/doc/v3/merchant/4012081709
  description: v.pipe(
    v.string(),
    v.nonEmpty('description must not be empty'),
    v.regex(PLAIN_TEXT, 'description must have no emoji and no control characters'),
    v.maxBytes(DESCRIPTION_BYTES, ({ received }) => {
      return `description has ${received} bytes of UTF-8, at most ${DESCRIPTION_BYTES} are allowed; a Chinese character has three`;
    }),
  ),
  kind: v.picklist(['goods', 'wallet-topup']),
  virtualGood: v.optional(v.boolean()),
  delivery: v.optional(v.picklist(DELIVERIES)),
  imageUrl: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^https:\/\/[^\s\p{Cc}]{1,1016}$/u, 'imageUrl must be an https address of at most 1,024 characters'),
    ),
  ),
};
const item = v.union(
  [
    v.strictObject({ ...base, unitFen: fen }),
    v.pipe(
      v.strictObject({ ...base, minFen: fen, maxFen: fen, stepFen: v.optional(fen) }),
      v.check(({ minFen, maxFen }) => minFen <= maxFen, 'minFen must not exceed maxFen'),
      v.check(
        ({ minFen, maxFen, stepFen = 1 }) => maxFen - (maxFen % stepFen) >= minFen,
        'a multiple of stepFen must be from minFen to maxFen',
      ),
    ),
  ],
  'must have sku, description, kind, and either unitFen or both minFen and maxFen, in whole fen, and no other field',
);
const catalog = v.object({ items: v.pipe(v.array(item), v.minLength(1)) });

/** The result of catalog-put. */
export interface StoredCatalog {
  stored: number;
  /** The virtual goods among the items, and whether buyers can buy them in the mini-program. */
  virtualGoods: GoodView[];
}

/**
 * Stores prices in place of earlier prices, then publishes the virtual goods among them. Existing orders keep their amounts.
 * Stores nothing unless every item is valid.
 * @throws PARAM_ERROR naming the invalid field
 */
export async function putCatalog(deps: PublishDeps, input: unknown): Promise<StoredCatalog> {
  const parsed = v.safeParse(catalog, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const { items } = parsed.output;
  if (deps.virtualPay) assertIdsOfGoods(items);
  const prices: Price[] = [];
  for (const price of items) prices.push(await putPrice(deps.table, price));
  return { stored: items.length, virtualGoods: await publishGoods(deps, prices) };
}

/** The sku is the id of the good, and WeChat permits no dot in it. */
function assertIdsOfGoods(items: Price[]): void {
  const dotted = items.find((price) => isVirtualGood(price) && price.sku.includes('.'));
  if (dotted) throw new AppError('PARAM_ERROR', `sku: ${dotted.sku} must have no "." as a good of virtual payment`);
}
