import { PutCommand, QueryCommand, type QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import { CATALOG, keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** A fixed price, or a range in which the buyer chooses the amount. Amounts are fen. */
export type Price = PriceBase & ({ unitFen: number } | { minFen: number; maxFen: number });

interface PriceBase {
  sku: string;
  description: string;
  kind: 'goods' | 'wallet-topup';
  /** Whether the buyer receives no object. Default: true for `wallet-topup`. */
  virtualGood?: boolean | undefined;
  /** An https address of a picture. */
  imageUrl?: string | undefined;
}

/** Reads the current price of a sku, or undefined. */
export function readPrice(table: Table, sku: string): Promise<Price | undefined> {
  return getItem(table, keys.price(sku), 'eventual');
}

/** Reads all prices, in the order of their skus. */
export async function readPrices({ client, name: TableName }: Table): Promise<Price[]> {
  const prices: Price[] = [];
  let from: QueryCommandOutput['LastEvaluatedKey'];
  do {
    const page: QueryCommandOutput = await client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': CATALOG.pk },
        ExclusiveStartKey: from,
      }),
    );
    prices.push(...((page.Items ?? []) as Price[]));
    from = page.LastEvaluatedKey;
  } while (from);
  return prices;
}

/** Stores a price in place of an earlier price. */
export async function putPrice({ client, name: TableName }: Table, price: Price): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.price(price.sku), ...price } }));
}
