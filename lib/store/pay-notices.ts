import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';

/** A genuine payment or refund that does not fit our books, for a person to look at. */
export interface PayMismatch {
  transactionId: string;
  /** Only of a refund. */
  refundId?: string;
  outTradeNo: string;
  /** What differs: names of fields, or why there is no order to compare with. */
  reasons: string[];
  seenAt: string;
}

/** A genuine notification of a kind that no flow takes in, kept whole. */
export interface PayNotice {
  id: string;
  eventType: string;
  plaintext: string;
  seenAt: string;
  /** Epoch seconds: it may name a person, and is not kept for ever. */
  expiresAt: number;
}

/** Records a case once, however often WeChat repeats it; true the first time. */
export async function recordMismatch(table: Table, mismatch: PayMismatch): Promise<boolean> {
  return putOnce(table, { ...keys.payMismatch(mismatch.refundId ?? mismatch.transactionId), ...mismatch });
}

/** Keeps a notification; true the first time. */
export async function recordNotice(table: Table, notice: PayNotice): Promise<boolean> {
  return putOnce(table, { ...keys.payNotice(notice.id), ...notice });
}

/** The time of the first sight tells a repeat from a write that meets itself because its answer was lost. */
async function putOnce(
  { client, name: TableName }: Table,
  Item: Record<string, unknown> & { seenAt: string },
): Promise<boolean> {
  const put = new PutCommand({
    TableName,
    Item,
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const stored = await attempt(() => client.send(put));
  return stored.done || stored.old?.['seenAt'] === Item.seenAt;
}
