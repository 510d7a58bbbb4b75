import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Delivery } from '../core/delivery.ts';
import { keys, PRICES } from './keys.ts';
import { getItem, queryAll, type Table } from './table.ts';

/** A fixed price, or a range in which the buyer chooses the amount. Amounts are fen. */
export type Price = PriceBase & ({ unitFen: number } | { minFen: number; maxFen: number });

interface PriceBase {
  sku: string;
  description: string;
  kind: 'goods' | 'wallet-topup';
  /** Whether the buyer receives no object. Default: true for `wallet-topup`. */
  virtualGood?: boolean | undefined;
  /** Default: `virtual` for `wallet-topup`, `express` for `goods`. Independent of `virtualGood`. */
  delivery?: Delivery | undefined;
  /** An https address of a picture. */
  imageUrl?: string | undefined;
}

/** Reads the current price of a sku, or undefined. */
export function readPrice(table: Table, sku: string): Promise<Price | undefined> {
  return getItem(table, keys.price(sku), 'eventual');
}

/** Reads all prices, in the order of their skus. */
export function readPrices(table: Table): Promise<Price[]> {
  return queryAll(table, PRICES, 'eventual');
}

/** Stores a price in place of an earlier price. */
export async function putPrice({ client, name: TableName }: Table, price: Price): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.price(price.sku), ...price } }));
}

/** Returns how buyers get the item of a price. */
export function deliveryOf({ delivery, kind }: Pick<Price, 'delivery' | 'kind'>): Delivery {
  return delivery ?? (kind === 'wallet-topup' ? 'virtual' : 'express');
}
