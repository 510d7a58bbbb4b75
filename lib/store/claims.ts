import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** Something that may be said once: the first to claim it leaves a value, everybody after finds that value. */
export interface Claim {
  source: string;
  id: string;
  value: string;
  /** Epoch seconds; also the TTL. A claim that has ended is as good as none. */
  expiresAt: number;
}

/** Claims, and returns the value that holds: ours, or that of whoever was first. */
export async function claim({ client, name: TableName }: Table, claimed: Claim, nowMs: number): Promise<string> {
  const { source, id, value, expiresAt } = claimed;
  const put = new PutCommand({
    TableName,
    Item: { ...keys.claim(source, id), value, expiresAt },
    ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :now',
    ExpressionAttributeValues: { ':now': nowMs / 1_000 },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const made = await attempt(() => client.send(put));
  return made.done ? value : String(made.old?.['value']);
}

/** The value of a claim that holds, or undefined. */
export async function readClaim(
  table: Table,
  { source, id }: Pick<Claim, 'source' | 'id'>,
  nowMs: number,
): Promise<string | undefined> {
  const claimed = await getItem<Claim>(table, keys.claim(source, id), 'strong');
  return claimed && claimed.expiresAt * 1_000 > nowMs ? claimed.value : undefined;
}
