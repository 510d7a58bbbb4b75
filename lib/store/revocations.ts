import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/**
 * A push about withdrawn authorisations or a closed WeChat account. The item is the claim of the push and the outbox
 * entry of its event.
 */
export interface Revocation {
  /** The owner of the data. */
  appId: string;
  openId: string;
  /** The account of the user, if there is one. */
  accountId?: string | undefined;
  pushId: string;
  /** The withdrawn authorisations as received: numbers with commas. */
  revokeInfo?: string | undefined;
  /** Whether the user closed the WeChat account. */
  cancelled: boolean;
  /** Whether WeChat's signature covers the content of the push. */
  verified: boolean;
  /** CreateTime of the push (ISO 8601). */
  at: string;
  /** When the data were deleted; absent before. */
  appliedAtMs?: number;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
}

/** Stores a revocation, unless the push is stored. An expired item still counts, because a push has one id. */
export async function putRevocation({ client, name: TableName }: Table, revocation: Revocation): Promise<void> {
  const put = new PutCommand({
    TableName,
    Item: { ...keys.revocation(revocation.appId, revocation.pushId), ...revocation },
    ConditionExpression: 'attribute_not_exists(pk)',
  });
  await attempt(() => client.send(put));
}

/** Reads a revocation strongly, or undefined. */
export function readRevocation(
  table: Table,
  { appId, pushId }: Pick<Revocation, 'appId' | 'pushId'>,
): Promise<Revocation | undefined> {
  return getItem(table, keys.revocation(appId, pushId), 'strong');
}

/** Stores that the data of a revocation are deleted. */
export async function markApplied(
  { client, name: TableName }: Table,
  { appId, pushId }: Pick<Revocation, 'appId' | 'pushId'>,
  nowMs: number,
): Promise<void> {
  const update = new UpdateCommand({
    TableName,
    Key: keys.revocation(appId, pushId),
    UpdateExpression: 'SET appliedAtMs = :now',
    ConditionExpression: 'attribute_exists(pk)',
    ExpressionAttributeValues: { ':now': nowMs },
  });
  await attempt(() => client.send(update));
}
