import type { Runtime } from '../core/runtime.ts';
import { readPrice, type Price } from '../store/prices.ts';
import type { Table } from '../store/table.ts';

/** Time for which an instance uses a price that it has read. The contract of the catalogue permits 60 seconds. */
const KNOWN_MS = 10_000;
/** Maximum number of prices in memory. */
const MAX_PRICES = 1_000;

/**
 * Returns a reader of prices that reads each price at most once in ten seconds. A changed price therefore applies to
 * new orders after ten seconds at the latest. An unknown sku is not remembered, so a new sku can be bought at once.
 */
export function knownPrices({ table, now }: Pick<Runtime, 'now'> & { table: Table }) {
  const prices = new Map<string, { price: Price; untilMs: number }>();
  return async (sku: string): Promise<Price | undefined> => {
    const known = prices.get(sku);
    if (known && known.untilMs > now()) return known.price;
    const price = await readPrice(table, sku);
    prices.delete(sku);
    if (price) prices.set(sku, { price, untilMs: now() + KNOWN_MS });
    if (prices.size > MAX_PRICES) prices.delete(prices.keys().next().value!);
    return price;
  };
}
