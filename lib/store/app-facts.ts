import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** An answer of WeChat about an app that all instances share. */
export interface AppFact<Value> {
  value: Value;
  /** Time until which WeChat is not asked again (epoch ms). An older value serves while WeChat does not answer. */
  freshUntilMs: number;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
}

/** The name of a fact. */
export type FactName = 'trade-managed' | 'carriers';

/**
 * Reads a fact; undefined if it is not stored or has expired.
 * @typeParam Value the value that was stored under the name
 */
export async function readAppFact<Value>(
  table: Table,
  { appId, name, nowMs }: { appId: string; name: FactName; nowMs: number },
): Promise<AppFact<Value> | undefined> {
  const fact = await getItem<AppFact<Value>>(table, keys.appFact(appId, name), 'eventual');
  return fact && fact.expiresAt * 1_000 > nowMs ? fact : undefined;
}

/** Stores a fact in place of an earlier one. */
export async function putAppFact<Value>(
  { client, name: TableName }: Table,
  { appId, name }: { appId: string; name: FactName },
  fact: AppFact<Value>,
): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.appFact(appId, name), ...fact } }));
}
