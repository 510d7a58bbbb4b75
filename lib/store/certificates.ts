import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** WeChat Pay's certificates as they were last fetched; none is a list as well. Times are epoch ms. */
export interface Certificates {
  list: { serial: string; pem: string; expiresAtMs: number }[];
  fetchedAtMs?: number;
  /** When somebody last set out to fetch them, whatever came of it. */
  triedAtMs: number;
}

/** The certificates of a merchant, undefined when nobody ever asked for them. */
export function readCertificates(table: Table, mchId: string): Promise<Certificates | undefined> {
  return getItem(table, keys.certificates(mchId), 'strong');
}

/** Takes the turn to fetch them: true for one caller in `intervalMs`, over all instances. */
export async function claimFetch(
  table: Table,
  { mchId, nowMs, intervalMs }: { mchId: string; nowMs: number; intervalMs: number },
): Promise<boolean> {
  const claimed = await attempt(() =>
    table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: keys.certificates(mchId),
        UpdateExpression: 'SET triedAtMs = :now, #list = if_not_exists(#list, :none)',
        ConditionExpression: 'attribute_not_exists(triedAtMs) OR triedAtMs <= :before',
        ExpressionAttributeNames: { '#list': 'list' },
        ExpressionAttributeValues: { ':now': nowMs, ':before': nowMs - intervalMs, ':none': [] },
      }),
    ),
  );
  return claimed.done;
}

/** Keeps what was fetched at `nowMs`. */
export async function putCertificates(
  { client, name: TableName }: Table,
  { mchId, list, nowMs }: { mchId: string; list: Certificates['list']; nowMs: number },
): Promise<void> {
  const Item = { ...keys.certificates(mchId), list, fetchedAtMs: nowMs, triedAtMs: nowMs };
  await client.send(new PutCommand({ TableName, Item }));
}
