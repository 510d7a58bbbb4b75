import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { DUE, DUE_PARTITIONS, dueEntry, keys, type Key } from './keys.ts';
import type { Table } from './table.ts';

/** Something that somebody must come back to, since the time that `dueSk` begins with. */
export interface Due {
  kind: 'order' | 'refund';
  no: string;
  dueSk: string;
}

const PAGE = 25;

/** What is due now, the oldest first, in turns from every partition of the index: none of them waits for another. */
export async function* listDue(table: Table, nowMs: number): AsyncGenerator<Due> {
  let waiting = DUE_PARTITIONS.map((duePk) => ({ duePk, after: undefined as Record<string, unknown> | undefined }));
  while (waiting.length > 0) {
    const pages = await Promise.all(waiting.map((place) => duePage(table, place, nowMs)));
    for (const { found } of pages) yield* found;
    waiting = pages.flatMap(({ duePk, last }) => (last ? [{ duePk, after: last }] : []));
  }
}

async function duePage(
  { client, name: TableName }: Table,
  { duePk, after }: { duePk: string; after: Record<string, unknown> | undefined },
  nowMs: number,
) {
  const { Items = [], LastEvaluatedKey: last } = await client.send(
    new QueryCommand({
      TableName,
      IndexName: 'due',
      KeyConditionExpression: 'duePk = :pk AND dueSk < :now',
      ExpressionAttributeValues: { ':pk': duePk, ':now': new Date(nowMs).toISOString() },
      Limit: PAGE,
      ExclusiveStartKey: after,
    }),
  );
  return { duePk, last, found: Items.map((item) => readDue(item as Key & { dueSk: string })) };
}

function readDue({ pk, sk, dueSk }: Key & { dueSk: string }): Due {
  const [name, no] = sk.startsWith('ORDER#') ? (['order', sk] as const) : (['refund', pk] as const);
  return { kind: name, no: no.slice(no.indexOf('#') + 1), dueSk };
}

/**
 * Takes something that is due, and sets when it will be due again: true for one of many. Whoever breaks down after that
 * has lost nothing, and what fails again and again does not stand in the way of the rest.
 */
export function takeDue(table: Table, { dueSk, ...item }: Due, againAtMs: number): Promise<boolean> {
  return moveDue(table, item, againAtMs, { condition: 'dueSk = :seen', values: { ':seen': dueSk } });
}

/** Sets something to be due at `atMs`, unless it is an order that was paid. */
export async function setDue(table: Table, item: Pick<Due, 'kind' | 'no'>, atMs: number): Promise<void> {
  const condition = 'attribute_exists(pk) AND (attribute_not_exists(duePk) OR begins_with(duePk, :due))';
  await moveDue(table, item, atMs, { condition, values: { ':due': DUE } });
}

async function moveDue(
  { client, name: TableName }: Table,
  { kind, no }: Pick<Due, 'kind' | 'no'>,
  atMs: number,
  { condition, values }: { condition: string; values: Record<string, string> },
): Promise<boolean> {
  const { duePk, dueSk } = dueEntry(no, atMs);
  const update = new UpdateCommand({
    TableName,
    Key: keys[kind](no),
    UpdateExpression: 'SET duePk = :pk, dueSk = :sk',
    ConditionExpression: condition,
    ExpressionAttributeValues: { ':pk': duePk, ':sk': dueSk, ...values },
  });
  return (await attempt(() => client.send(update))).done;
}

/** Nobody has to come back to it any more. */
export async function endDue(table: Table, { kind, no }: Pick<Due, 'kind' | 'no'>): Promise<void> {
  await attempt(() =>
    table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: keys[kind](no),
        UpdateExpression: 'REMOVE duePk, dueSk',
        ConditionExpression: 'begins_with(duePk, :due)',
        ExpressionAttributeValues: { ':due': DUE },
      }),
    ),
  );
}
