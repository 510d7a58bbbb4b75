import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';

/**
 * A scan of a channel code: a QR code of the official account with another scene than that of a login. The item is the
 * claim of the push and the outbox entry of its event.
 */
export interface SceneScan {
  appId: string;
  openId: string;
  /** The account of the user, if there is one. */
  accountId?: string | undefined;
  pushId: string;
  scene: string;
  /** Whether the user followed the account with this scan. */
  follow: boolean;
  /** CreateTime of the push (ISO 8601). */
  at: string;
  /** A random text, by which an SDK retry recognises its own first attempt. */
  claimToken: string;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
}

/** Stores a scan. An expired item still counts, because a push has one id. @returns whether this scan is the first */
export async function putSceneScan({ client, name: TableName }: Table, scan: SceneScan): Promise<boolean> {
  const put = new PutCommand({
    TableName,
    Item: { ...keys.sceneScan(scan.appId, scan.pushId), ...scan },
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const stored = await attempt<unknown, SceneScan>(() => client.send(put));
  return stored.done || stored.rejecting?.claimToken === scan.claimToken;
}
