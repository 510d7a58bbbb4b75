import type { Runtime } from '../core/runtime.ts';
import type { Delivery } from '../core/delivery.ts';
import { deliveryOf, isVirtualGood, readPrices, stepOf, type Price } from '../store/prices.ts';
import type { Table } from '../store/table.ts';

/** Time for which an instance uses the catalogue that it has read. Requests without a session then cost no reads. */
const KNOWN_MS = 10_000;

/** An item of the catalogue as buyers see it. */
export type CatalogItem = Price & { published: undefined; virtualGood: boolean; delivery: Delivery };

/**
 * Returns a reader of the whole catalogue, in the order of the skus. The reader queries the table at most once in ten
 * seconds.
 */
export function catalogReader({ table, now }: Pick<Runtime, 'now'> & { table: Table }) {
  let known: { items: Promise<CatalogItem[]>; untilMs: number } | undefined;
  return async (): Promise<{ items: CatalogItem[] }> => {
    if (!known || known.untilMs <= now()) known = { items: readItems(table), untilMs: now() + KNOWN_MS };
    const { items } = known;
    items.catch(() => (known = undefined));
    return { items: await items };
  };
}

async function readItems(table: Table): Promise<CatalogItem[]> {
  const prices = await readPrices(table);
  return prices.map((price) => ({
    ...price,
    published: undefined,
    ...('minFen' in price && isVirtualGood(price) && { stepFen: stepOf(price) }),
    virtualGood: isVirtualGood(price),
    delivery: deliveryOf(price),
  }));
}
