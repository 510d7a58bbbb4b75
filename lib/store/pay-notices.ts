import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';

/** A genuine payment or refund that does not match the ledger, for an operator to resolve. */
export interface PayMismatch {
  transactionId: string;
  /** Only of a refund. */
  refundId?: string;
  outTradeNo: string;
  /** Names of the fields that differ, or why there is no order to compare with. */
  reasons: string[];
  seenAt: string;
}

/** A genuine notification of a kind that no flow handles, stored whole. */
export interface PayNotice {
  id: string;
  eventType: string;
  plaintext: string;
  seenAt: string;
  /** Epoch seconds; also the TTL, because the content may be personal. */
  expiresAt: number;
}

/** Records a mismatch once, however often WeChat repeats it; true the first time. */
export async function recordMismatch(table: Table, mismatch: PayMismatch): Promise<boolean> {
  return putOnce(table, { ...keys.payMismatch(mismatch.refundId ?? mismatch.transactionId), ...mismatch });
}

/** Stores a notification; true the first time. */
export async function recordNotice(table: Table, notice: PayNotice): Promise<boolean> {
  return putOnce(table, { ...keys.payNotice(notice.id), ...notice });
}

/** An SDK retry can fail its condition against its own first attempt: the same `seenAt` counts as success. */
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
  const stored = await attempt<unknown, { seenAt: string }>(() => client.send(put));
  return stored.done || stored.rejecting!.seenAt === Item.seenAt;
}
