import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Key } from './keys.ts';

/** The one table and the client that reaches it. */
export interface Table {
  readonly name: string;
  readonly client: DynamoDBDocumentClient;
}

/**
 * `eventual` costs half of `strong` and may be some milliseconds behind. `eventual-hit` believes an eventual read only
 * when it finds something, and looks again strongly when it does not: for items that were written a moment ago.
 */
export type Consistency = 'eventual' | 'strong' | 'eventual-hit';

/** Opens the table. Three attempts of at most a second each: below the five seconds that WeChat waits for a webhook. */
export function openTable(name: string): Table {
  const client = new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });
  return { name, client: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }) };
}

/** One item, expired or not; the caller knows its form. */
export async function getItem<Item>(table: Table, key: Key, consistency: Consistency): Promise<Item | undefined> {
  const ConsistentRead = consistency === 'strong';
  const { Item: item } = await table.client.send(new GetCommand({ TableName: table.name, Key: key, ConsistentRead }));
  if (item || consistency !== 'eventual-hit') return item as Item | undefined;
  return getItem(table, key, 'strong');
}
