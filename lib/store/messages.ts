import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { PushApp } from '../core/metrics.ts';
import { attempt, putOnce } from './attempt.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';

/**
 * A message of a user that is published, answered after its push, or both. The item is the claim of the push and the
 * outbox entry of its events. An entry into the customer-service chat with a greeting is stored in the same way.
 * @typeParam Content the published form of a message
 * @typeParam Reply a customer-service message
 */
export interface StoredMessage<Content, Reply> {
  app: PushApp;
  appId: string;
  openId: string;
  /** The account of the user, if there is one. Only published messages have it. */
  accountId?: string | undefined;
  pushId: string;
  /** The content; absent if the message is not published. */
  content?: Content | undefined;
  /** The message that answers; absent if none does. */
  reply?: Reply | undefined;
  /** CreateTime of the push (ISO 8601). */
  at: string;
  /** A random text of this attempt: see putOnce. */
  claimToken: string;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
}

type MessageId = Pick<StoredMessage<unknown, unknown>, 'appId' | 'pushId'>;

/** Stores a message. @returns whether the push is new */
export function putMessage(table: Table, message: StoredMessage<unknown, unknown>): Promise<boolean> {
  return putOnce(table, { ...keys.message(message.appId, message.pushId), ...message }, 'claimToken');
}

/**
 * Claims the reply of a message for one sender.
 * @param reply `senderToken` is a random text, by which an SDK retry recognises its own first attempt
 * @returns the message; `taken` if another sender has the reply, `missing` without such a message or after its expiry
 */
export async function claimReply<Reply>(
  { client, name: TableName }: Table,
  { appId, pushId, senderToken, nowMs }: MessageId & { senderToken: string; nowMs: number },
): Promise<(StoredMessage<unknown, Reply> & { reply: Reply }) | 'taken' | 'missing'> {
  const update = new UpdateCommand({
    TableName,
    Key: keys.message(appId, pushId),
    UpdateExpression: 'SET senderToken = :sender',
    ConditionExpression:
      'attribute_exists(reply) AND expiresAt > :now AND (attribute_not_exists(senderToken) OR senderToken = :sender)',
    ExpressionAttributeValues: { ':sender': senderToken, ':now': nowMs / 1_000 },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const claimed = await attempt<{ Attributes?: unknown }, { senderToken?: string }>(() => client.send(update));
  if (claimed.done) return claimed.written.Attributes as StoredMessage<unknown, Reply> & { reply: Reply };
  return claimed.rejecting?.senderToken === undefined ? 'missing' : 'taken';
}

/** Ends the claim of a sender whose reply WeChat did not take, so that the next delivery can send the reply. */
export async function releaseReply(
  { client, name: TableName }: Table,
  { appId, pushId, senderToken }: MessageId & { senderToken: string },
): Promise<void> {
  const update = new UpdateCommand({
    TableName,
    Key: keys.message(appId, pushId),
    UpdateExpression: 'REMOVE senderToken',
    ConditionExpression: 'senderToken = :sender',
    ExpressionAttributeValues: { ':sender': senderToken },
  });
  await attempt(() => client.send(update));
}
