import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { followUpEntry, followUpPartitions, keys, type FollowUpEntry, type FollowUpSubject, type Key } from './keys.ts';
import type { Table } from './table.ts';

/** One entry of the follow-up schedule. */
export type FollowUp = FollowUpSubject & Pick<FollowUpEntry, 'followUpSk'>;

/** A disjoint part of the schedule: of every `of` partitions, the partition with the number `part`, from 0. */
export interface SchedulePart {
  part: number;
  of: number;
}

/** Entries per partition and page. */
const PAGE = 250;

/** Reads the due follow-ups of one kind in pages. A page holds the oldest unread follow-ups of each partition. */
export async function* dueFollowUpPages(
  table: Table,
  { kind, nowMs, part = 0, of = 1 }: { kind: FollowUp['kind']; nowMs: number } & Partial<SchedulePart>,
): AsyncGenerator<FollowUp[]> {
  let waiting = followUpPartitions(kind)
    .filter((_, shard) => shard % of === part)
    .map((partition) => ({ partition, after: undefined as PageKey }));
  while (waiting.length > 0) {
    const pages = await Promise.all(waiting.map((place) => readPage(table, place, nowMs)));
    yield pages.flatMap(({ followUps }) => followUps);
    waiting = pages.flatMap(({ partition, last }) => (last ? [{ partition, after: last }] : []));
  }
}

type PageKey = Record<string, unknown> | undefined;

async function readPage(
  { client, name: TableName }: Table,
  { partition, after }: { partition: string; after: PageKey },
  nowMs: number,
) {
  const { Items = [], LastEvaluatedKey: last } = await client.send(
    new QueryCommand({
      TableName,
      IndexName: 'follow-ups',
      KeyConditionExpression: 'followUpPk = :pk AND followUpSk < :now',
      ExpressionAttributeValues: { ':pk': partition, ':now': new Date(nowMs).toISOString() },
      Limit: PAGE,
      ExclusiveStartKey: after,
    }),
  );
  return { partition, last, followUps: (Items as (Key & Pick<FollowUp, 'followUpSk'>)[]).map(readFollowUp) };
}

/** The kinds by the sort key up to its first `#`. */
const KINDS: Record<string, FollowUp['kind']> = {
  ORDER: 'order',
  SHIPMENT: 'shipment',
  REFUND: 'refund',
  CHECK: 'check',
  COMPLAINT: 'complaint',
};

function readFollowUp({ pk, sk, followUpSk }: Key & Pick<FollowUp, 'followUpSk'>): FollowUp {
  const [entity = ''] = sk.split('#', 1);
  const key = sk === entity ? pk : sk;
  return { kind: KINDS[entity]!, no: key.slice(key.indexOf('#') + 1), followUpSk };
}

/**
 * Claims the due follow-up of an order or a refund by moving it to `nextAtMs`. Returns true for exactly one of several
 * callers. Rescheduling before the work makes a crash safe and keeps failing items from blocking the others.
 */
export function claimFollowUp(table: Table, followUp: FollowUp, nextAtMs: number): Promise<boolean> {
  return claim(table, followUp, nextAtMs);
}

/** Claims the due follow-up of a content check, like claimFollowUp. Separate, because other functions may write checks. */
export function claimCheck(table: Table, followUp: FollowUp, nextAtMs: number): Promise<boolean> {
  return claim(table, followUp, nextAtMs);
}

/** Claims the due follow-up of a shipment, like claimFollowUp. */
export function claimShipment(table: Table, followUp: FollowUp, nextAtMs: number): Promise<boolean> {
  return claim(table, followUp, nextAtMs);
}

/** Claims the due follow-up of a complaint, like claimFollowUp. */
export function claimComplaint(table: Table, followUp: FollowUp, nextAtMs: number): Promise<boolean> {
  return claim(table, followUp, nextAtMs);
}

function claim(table: Table, { followUpSk, ...subject }: FollowUp, nextAtMs: number): Promise<boolean> {
  return move(table, subject, nextAtMs, { condition: 'followUpSk = :seen', values: { ':seen': followUpSk } });
}

/** Schedules a follow-up at `atMs`, earlier or later than before. A paid order needs no follow-up and is unchanged. */
export async function scheduleFollowUp(table: Table, subject: FollowUpSubject, atMs: number): Promise<void> {
  const condition = 'attribute_exists(pk) AND attribute_not_exists(paidPk)';
  await move(table, subject, atMs, { condition, values: {} });
}

async function move(
  { client, name: TableName }: Table,
  { kind, no }: FollowUpSubject,
  atMs: number,
  { condition, values }: { condition: string; values: Record<string, string> },
): Promise<boolean> {
  const { followUpPk, followUpSk } = followUpEntry({ kind, no }, atMs);
  const update = new UpdateCommand({
    TableName,
    Key: keys[kind](no),
    UpdateExpression: 'SET followUpPk = :pk, followUpSk = :sk',
    ConditionExpression: condition,
    ExpressionAttributeValues: { ':pk': followUpPk, ':sk': followUpSk, ...values },
  });
  return (await attempt(() => client.send(update))).done;
}

/** Removes the follow-up of an order or a refund that needs no further query. */
export function cancelFollowUp(table: Table, subject: FollowUpSubject): Promise<void> {
  return cancel(table, subject);
}

/** Removes the follow-up of an order, like cancelFollowUp. Separate, because routes about orders may not write refunds. */
export function cancelOrderFollowUp(table: Table, outTradeNo: string): Promise<void> {
  return cancel(table, { kind: 'order', no: outTradeNo });
}

async function cancel(table: Table, { kind, no }: FollowUpSubject): Promise<void> {
  await attempt(() =>
    table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: keys[kind](no),
        UpdateExpression: 'REMOVE followUpPk, followUpSk',
        ConditionExpression: 'attribute_exists(followUpPk)',
      }),
    ),
  );
}
