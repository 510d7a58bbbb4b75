import { BatchGetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { runtime } from '../core/runtime.ts';
import { keys, paidPartitions, type Key, type PaidEntry } from './keys.ts';
import type { Account } from './accounts.ts';
import type { Order } from './orders.ts';
import type { Refund } from './refunds.ts';
import type { Table } from './table.ts';

/** The fields of an order or a refund that are compared with a bill. */
export type LedgerOrder = Pick<
  Order,
  'outTradeNo' | 'state' | 'amountFen' | 'api' | 'env' | 'appId' | 'mchId' | 'transactionId' | 'paidBy'
>;
export type LedgerRefund = Pick<Refund, 'outRefundNo' | 'outTradeNo' | 'status' | 'amountFen'>;

/** Orders and refunds by their numbers, and ids of accounts. Numbers and ids that the table lacks are absent. */
export interface Ledger {
  orders: Map<string, LedgerOrder>;
  refunds: Map<string, LedgerRefund>;
  /** Includes closed and merged accounts. */
  accounts: Set<string>;
}

/** Maximum number of items in one read. */
export const LEDGER_BATCH = 100;

/**
 * Reads orders and refunds, and which accounts exist, at most LEDGER_BATCH together. A number can occur more than once.
 * The reads are eventually consistent, falling back to a strong read for missing items.
 */
export async function readLedger(
  table: Table,
  { orders = [], refunds = [], accounts = [] }: { orders?: string[]; refunds?: string[]; accounts?: string[] },
): Promise<Ledger> {
  const missing = new Map(
    [...orders.map(keys.order), ...refunds.map(keys.refund), ...accounts.map(keys.account)].map((key) => [
      `${key.pk} ${key.sk}`,
      key,
    ]),
  );
  const ledger: Ledger = { orders: new Map(), refunds: new Map(), accounts: new Set() };
  for (const ConsistentRead of [false, true]) {
    for (const item of await batchGet(table, [...missing.values()], ConsistentRead)) {
      missing.delete(`${item.pk} ${item.sk}`);
      if ('outRefundNo' in item) ledger.refunds.set(item.outRefundNo, item);
      else if ('outTradeNo' in item) ledger.orders.set(item.outTradeNo, item);
      else ledger.accounts.add(item.id);
    }
  }
  return ledger;
}

/** Lists the numbers of the orders that the ledger records as paid on a day (`yyyy-mm-dd` in Beijing). */
export async function* listPaidOn({ client, name: TableName }: Table, date: string): AsyncGenerator<string> {
  for (const partition of paidPartitions(date)) {
    let from: Record<string, unknown> | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName,
          IndexName: 'paid-on-day',
          KeyConditionExpression: 'paidPk = :partition',
          ExpressionAttributeValues: { ':partition': partition },
          ExclusiveStartKey: from,
        }),
      );
      for (const { paidSk } of (page.Items ?? []) as PaidEntry[]) yield paidSk;
      from = page.LastEvaluatedKey;
    } while (from);
  }
}

const ATTRIBUTES = [
  'pk',
  'sk',
  'id',
  'outTradeNo',
  'outRefundNo',
  'state',
  'status',
  'amountFen',
  'api',
  'env',
  'appId',
  'mchId',
  'transactionId',
  'paidBy',
];
const PROJECTION = {
  ProjectionExpression: ATTRIBUTES.map((name) => `#${name}`).join(', '),
  ExpressionAttributeNames: Object.fromEntries(ATTRIBUTES.map((name) => [`#${name}`, name])),
};

const TRIES = 8;
const PAUSE_MS = 25;

type LedgerItem = Key & (LedgerOrder | LedgerRefund | Pick<Account, 'id'>);

/** Reads all keys. Retries the keys that DynamoDB left unprocessed, with backoff. */
async function batchGet(table: Table, Keys: Key[], ConsistentRead: boolean): Promise<LedgerItem[]> {
  const ledgerItems: LedgerItem[] = [];
  let left = Keys;
  for (let tries = 1; left.length > 0; tries += 1) {
    if (tries > TRIES) throw new Error(`DynamoDB throttled the read: ${left.length} keys were not read`);
    if (tries > 1) await runtime.sleep(PAUSE_MS * 2 ** tries * (0.5 + runtime.randomBytes(1)[0]! / 512));
    const { items, unread } = await batchGetOnce(table, left, ConsistentRead);
    ledgerItems.push(...items);
    left = unread;
  }
  return ledgerItems;
}

async function batchGetOnce({ client, name }: Table, Keys: Key[], ConsistentRead: boolean) {
  const RequestItems = { [name]: { Keys, ConsistentRead, ...PROJECTION } };
  try {
    const { Responses, UnprocessedKeys } = await client.send(new BatchGetCommand({ RequestItems }));
    return { items: (Responses?.[name] ?? []) as LedgerItem[], unread: (UnprocessedKeys?.[name]?.Keys ?? []) as Key[] };
  } catch (error) {
    // DynamoDB throws these errors when it has not read any key.
    if (!/^(ProvisionedThroughputExceeded|Throttling|RequestLimitExceeded)/.test((error as Error).name)) throw error;
    return { items: [], unread: Keys };
  }
}
