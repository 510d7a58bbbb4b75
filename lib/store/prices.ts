import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** What something costs: a fixed price, or a range for what the buyer may choose. Fen. */
export type Price = PriceBase & ({ unitFen: number } | { minFen: number; maxFen: number });

interface PriceBase {
  sku: string;
  description: string;
  kind: 'goods' | 'wallet-topup';
}

/** The price as it stands, or undefined. */
export function readPrice(table: Table, sku: string): Promise<Price | undefined> {
  return getItem(table, keys.price(sku), 'eventual');
}

/** Stores one price in place of the one before. */
export async function putPrice({ client, name: TableName }: Table, price: Price): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.price(price.sku), ...price } }));
}
