import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { followUpEntry, type FollowUpSubject, type Key } from './keys.ts';
import type { Table } from './table.ts';

/** An item whose writes use optimistic locking. */
interface Versioned {
  /** Incremented by each write. */
  revision: number;
}

/** The key of an item, and its follow-up: `atMs` (epoch ms), or undefined for none. */
interface Place {
  key: Key;
  followUp: FollowUpSubject & { atMs: number | undefined };
}

/**
 * Writes an item in place of the one that was read, with its next follow-up.
 * @param seen the item as it was read; undefined if the table had none
 * @returns the written item; undefined on a version conflict
 */
export async function putVersioned<Item extends Versioned>(
  { client, name: TableName }: Table,
  { key, followUp: { atMs, ...subject } }: Place,
  seen: Item | undefined,
  next: Omit<Item, 'revision'>,
): Promise<Item | undefined> {
  const written = { ...next, revision: (seen?.revision ?? 0) + 1 } as Item;
  // An item that was read contains its former follow-up, which must not be written back.
  const followUp = atMs === undefined ? { followUpPk: undefined, followUpSk: undefined } : followUpEntry(subject, atMs);
  const put = new PutCommand({
    TableName,
    Item: { ...written, ...followUp, ...key },
    ...(seen
      ? { ConditionExpression: 'revision = :seen', ExpressionAttributeValues: { ':seen': seen.revision } }
      : { ConditionExpression: 'attribute_not_exists(pk)' }),
  });
  return (await attempt(() => client.send(put))).done ? written : undefined;
}
