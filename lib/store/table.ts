import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Key } from './keys.ts';

/** The table of this service, with its client. */
export interface Table {
  readonly name: string;
  readonly client: DynamoDBDocumentClient;
  /** Mean time that a write waits for other writers of the same items (ms). Default: the time of a request. */
  readonly conflictBudgetMs?: number;
}

/**
 * An `eventual` read costs half as much as a `strong` read, and can miss writes of the last milliseconds.
 * `eventual-with-fallback` is an eventually consistent read, falling back to a strong read when it finds nothing: for
 * items that were just written.
 */
export type Consistency = 'eventual' | 'strong' | 'eventual-with-fallback';

/** Opens the table. Three attempts of a second each fit into the five seconds that WeChat waits for a webhook. */
export function openTable(name: string): Table {
  const client = new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });
  return { name, client: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }) };
}

/**
 * Reads one item, including an expired item that the TTL has not deleted yet.
 * @typeParam Item the entity stored under the key
 */
export async function getItem<Item>(table: Table, key: Key, consistency: Consistency): Promise<Item | undefined> {
  const ConsistentRead = consistency === 'strong';
  const { Item: item } = await table.client.send(new GetCommand({ TableName: table.name, Key: key, ConsistentRead }));
  if (item || consistency !== 'eventual-with-fallback') return item as Item | undefined;
  return getItem(table, key, 'strong');
}

/**
 * Reads all items of a partition whose sort key begins with `from.sk`, in the order of their sort keys, including expired
 * items that the TTL has not deleted yet.
 * @typeParam Item the entity stored under the keys
 */
export async function queryAll<Item>(
  { client, name: TableName }: Table,
  from: Key,
  consistency: 'eventual' | 'strong',
): Promise<Item[]> {
  return readAllPages(client, {
    TableName,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
    ExpressionAttributeValues: { ':pk': from.pk, ':sk': from.sk },
    ConsistentRead: consistency === 'strong',
  });
}

/**
 * Reads the items of all pages of a query.
 * @typeParam Item the entity stored under the keys
 */
export async function readAllPages<Item>(client: Table['client'], query: QueryCommandInput): Promise<Item[]> {
  const items: Item[] = [];
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await client.send(new QueryCommand({ ...query, ExclusiveStartKey }));
    items.push(...((page.Items ?? []) as Item[]));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return items;
}
