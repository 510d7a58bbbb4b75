import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** A claim that succeeds once: the first caller stores a value, and later callers get that value. */
export interface Claim {
  source: string;
  id: string;
  value: string;
  /** Epoch seconds; also the TTL. An expired claim counts as absent. */
  expiresAt: number;
}

/** Stores a claim. @returns the value of the first caller, which can be this caller */
export async function claim({ client, name: TableName }: Table, request: Claim, nowMs: number): Promise<string> {
  const { source, id, value, expiresAt } = request;
  const put = new PutCommand({
    TableName,
    Item: { ...keys.claim(source, id), value, expiresAt },
    ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :now',
    ExpressionAttributeValues: { ':now': nowMs / 1_000 },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const claimed = await attempt<unknown, Claim>(() => client.send(put));
  return claimed.done ? value : claimed.rejecting!.value;
}

/** Reads the value of a claim that has not expired, or undefined. */
export async function readClaim(
  table: Table,
  { source, id }: Pick<Claim, 'source' | 'id'>,
  nowMs: number,
): Promise<string | undefined> {
  const claimed = await getItem<Claim>(table, keys.claim(source, id), 'strong');
  return claimed && claimed.expiresAt * 1_000 > nowMs ? claimed.value : undefined;
}
