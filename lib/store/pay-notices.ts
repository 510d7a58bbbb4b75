import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';

/** A genuine payment or refund that does not match the ledger, for an operator to resolve. */
export interface PayMismatch {
  transactionId: string;
  /** Present for a refund only. */
  refundId?: string;
  outTradeNo: string;
  /** Names of the differing fields, or another reason such as `unknown order`. */
  reasons: string[];
  seenAt: string;
}

/** A genuine notification that no flow handles, with the beginning of its content. */
export interface PayNotice {
  id: string;
  eventType: string;
  /** Why no flow handles the notification, such as `form`. */
  reason: string;
  content: string;
  seenAt: string;
  /** Epoch seconds; also the TTL, because the content can be personal. */
  expiresAt: number;
}

/** Records a mismatch once, even if WeChat repeats its message. @returns whether this call recorded the mismatch */
export async function recordMismatch(table: Table, mismatch: PayMismatch): Promise<boolean> {
  const { outTradeNo, refundId, transactionId } = mismatch;
  return putOnce(table, { ...keys.payMismatch(outTradeNo, refundId ?? transactionId), ...mismatch });
}

/** Lists the mismatches of an order number. */
export async function listMismatches(table: Table, outTradeNo: string): Promise<PayMismatch[]> {
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': keys.payMismatch(outTradeNo, '').pk },
      ConsistentRead: true,
    }),
  );
  return Items as PayMismatch[];
}

/** Stores a notification once. @returns whether this call stored the notification */
export async function recordNotice(table: Table, notice: PayNotice): Promise<boolean> {
  return putOnce(table, { ...keys.payNotice(notice.id), ...notice });
}

/**
 * Stores an item unless its key exists. An SDK retry can fail its condition against its own first attempt, so a stored
 * item with the same `seenAt` counts as success.
 */
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
