import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** A fixed price, or a range in which the buyer chooses the amount. Amounts are fen. */
export type Price = PriceBase & ({ unitFen: number } | { minFen: number; maxFen: number });

interface PriceBase {
  sku: string;
  description: string;
  kind: 'goods' | 'wallet-topup';
}

/** Reads the current price of a sku, or undefined. */
export function readPrice(table: Table, sku: string): Promise<Price | undefined> {
  return getItem(table, keys.price(sku), 'eventual');
}

/** Stores a price in place of an earlier price. */
export async function putPrice({ client, name: TableName }: Table, price: Price): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.price(price.sku), ...price } }));
}
