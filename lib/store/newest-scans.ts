import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import type { Person } from './identities.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** The newest login code that a user scanned. A short text of this user decides about this code only. */
export interface NewestScan {
  appId: string;
  openId: string;
  ticket: string;
  /** CreateTime of the push, epoch seconds. */
  scannedAtS: number;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
}

/** Stores a scan as the newest scan of its user, unless a newer scan is stored. */
export async function putNewestScan({ client, name: TableName }: Table, scan: NewestScan): Promise<void> {
  const put = new PutCommand({
    TableName,
    Item: { ...keys.newestScan(scan.appId, scan.openId), ...scan },
    ConditionExpression: 'attribute_not_exists(pk) OR scannedAtS <= :scannedAtS',
    ExpressionAttributeValues: { ':scannedAtS': scan.scannedAtS },
  });
  await attempt(() => client.send(put));
}

/**
 * Reads the newest scan of a user, or undefined if it has expired. An eventually consistent read is enough, because a
 * user needs a second to answer the message after the scan.
 */
export async function readNewestScan(
  table: Table,
  { appId, openId }: Pick<Person, 'appId' | 'openId'>,
  nowMs: number,
): Promise<NewestScan | undefined> {
  const scan = await getItem<NewestScan>(table, keys.newestScan(appId, openId), 'eventual');
  return scan && scan.expiresAt * 1_000 > nowMs ? scan : undefined;
}
