import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Delivery } from '../core/delivery.ts';
import type { VirtualEnv } from '../core/virtual-env.ts';
import { keys, PRICES } from './keys.ts';
import { getItem, queryAll, type Table } from './table.ts';

/**
 * A fixed price, or a range in which the buyer chooses the amount. Amounts are fen. Virtual payment sells a range in
 * steps: `stepFen` is the price of the published good. Default: see stepOf.
 */
export type Price = PriceBase &
  ({ unitFen: number } | { minFen: number; maxFen: number; stepFen?: number | undefined });

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
  /** The last publication of a virtual good at WeChat. */
  published?: Publication | undefined;
}

/** A good of virtual payment: where and for which price (fen) it was published, and how far the publication is. */
export interface Publication {
  env: VirtualEnv;
  unitFen: number;
  state: 'publishing' | 'published' | 'failed';
  /** Time of the state (ISO 8601). */
  at: string;
}

/** Reads the current price of a sku, or undefined. */
export function readPrice(table: Table, sku: string): Promise<Price | undefined> {
  return getItem(table, keys.price(sku), 'eventual');
}

/** Reads all prices, in the order of their skus. */
export function readPrices(table: Table): Promise<Price[]> {
  return queryAll(table, PRICES, 'eventual');
}

/** The fields of a price that the catalogue defines: all but the publication, which WeChat decides. */
type Field = FieldOf<Price>;
type FieldOf<Item> = Item extends Price ? Exclude<keyof Item, 'published'> : never;

// A record, because the compiler then demands every field.
const FIELDS = Object.keys({
  sku: true,
  description: true,
  kind: true,
  virtualGood: true,
  delivery: true,
  imageUrl: true,
  unitFen: true,
  minFen: true,
  maxFen: true,
  stepFen: true,
} satisfies Record<Field, true>) as Field[];

/**
 * Stores a price in place of an earlier price, whose publication stays stored.
 * @returns the stored price, with its publication
 */
export async function putPrice({ client, name: TableName }: Table, price: Price): Promise<Price> {
  const values: Partial<Record<Field, unknown>> = price;
  const defined = FIELDS.filter((field) => values[field] !== undefined);
  const absent = FIELDS.filter((field) => values[field] === undefined);
  const assignments = defined.map((field) => `#${field} = :${field}`).join(', ');
  const removals = absent.map((field) => `#${field}`).join(', ');
  const { Attributes } = await client.send(
    new UpdateCommand({
      TableName,
      Key: keys.price(price.sku),
      UpdateExpression: `SET ${assignments} REMOVE ${removals}`,
      ExpressionAttributeNames: Object.fromEntries(FIELDS.map((field) => [`#${field}`, field])),
      ExpressionAttributeValues: Object.fromEntries(defined.map((field) => [`:${field}`, values[field]])),
      ReturnValues: 'ALL_NEW',
    }),
  );
  return Attributes as Price;
}

/** Stores the publication of a good with its price. */
export async function putPublication(
  { client, name: TableName }: Table,
  sku: string,
  published: Publication,
): Promise<void> {
  await client.send(
    new UpdateCommand({
      TableName,
      Key: keys.price(sku),
      UpdateExpression: 'SET published = :published',
      ExpressionAttributeValues: { ':published': published },
    }),
  );
}

/** Returns how buyers get the item of a price. */
export function deliveryOf({ delivery, kind }: Pick<Price, 'delivery' | 'kind'>): Delivery {
  return delivery ?? (kind === 'wallet-topup' ? 'virtual' : 'express');
}

/** Returns whether virtual payment sells the item in a mini-program. */
export function isVirtualGood({ virtualGood, kind }: Pick<Price, 'virtualGood' | 'kind'>): boolean {
  return virtualGood ?? kind === 'wallet-topup';
}

/**
 * Returns the price of one published good (fen): the fixed price, or the step of a range. The default step is the
 * greatest one with which buyers can choose both ends of the range.
 */
export function stepOf(price: Price): number {
  if ('unitFen' in price) return price.unitFen;
  return price.stepFen ?? greatestCommonDivisor(price.minFen, price.maxFen);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
