import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import { PutCommand, TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { conflictPauses, tooManyConflicts } from '../core/conflict-pauses.ts';
import { runtime } from '../core/runtime.ts';
import type { Key } from './keys.ts';
import type { Table } from './table.ts';

/**
 * The outcome of a conditional write. `rejecting` is the stored item that failed the condition, if the write requested
 * it with `ReturnValuesOnConditionCheckFailure` and an item exists.
 */
export type Attempt<Written, Rejecting> =
  { done: true; written: Written } | { done: false; rejecting: Rejecting | undefined };

/**
 * Runs one conditional write. A failed condition is returned, not thrown.
 * @typeParam Rejecting the entity stored under the key of the write
 */
export function attempt<Written, Rejecting = never>(
  write: () => Promise<Written>,
): Promise<Attempt<Written, Rejecting>> {
  return retryOnTransactionConflict(undefined, async () => {
    try {
      return { done: true, written: await write() };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { done: false, rejecting: error.Item && (unmarshall(error.Item) as Rejecting) };
    }
  });
}

/**
 * Stores an item unless its key exists. An expired item still counts. An SDK retry can fail its condition against its own
 * first attempt, so a stored item with the same `mark` counts as success.
 * @param mark the attribute in which the items of two callers differ
 * @returns whether this call stored the item
 */
export async function putOnce<Mark extends string>(
  { client, name: TableName }: Table,
  item: Key & Record<Mark, string>,
  mark: Mark,
): Promise<boolean> {
  const put = new PutCommand({
    TableName,
    Item: item,
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const stored = await attempt<unknown, Record<Mark, string>>(() => client.send(put));
  return stored.done || stored.rejecting?.[mark] === item[mark];
}

type TransactItems = NonNullable<TransactWriteCommandInput['TransactItems']>;

/**
 * Writes all items or no item. Returns false when a condition failed. The SDK sends a token with each transaction, so
 * that a retry after a lost response does not apply the transaction twice.
 * @throws RATE_LIMITED when other transactions keep holding the same items
 */
export function transact({ client, conflictBudgetMs }: Table, items: TransactItems): Promise<boolean> {
  return retryOnTransactionConflict(conflictBudgetMs, async () => {
    try {
      await client.send(new TransactWriteCommand({ TransactItems: items }));
      return true;
    } catch (error) {
      const reasons = error instanceof TransactionCanceledException ? error.CancellationReasons : [];
      if (!reasons?.some(({ Code }) => Code === 'ConditionalCheckFailed')) throw error;
      return false;
    }
  });
}

/**
 * Retries a write that DynamoDB rejected because a transaction holds the same item. The SDK does not retry such a
 * write.
 */
async function retryOnTransactionConflict<Outcome>(
  budgetMs: number | undefined,
  write: () => Promise<Outcome>,
): Promise<Outcome> {
  let conflict: unknown;
  for (const pauseMs of conflictPauses(runtime, budgetMs)) {
    try {
      return await write();
    } catch (error) {
      if (!isConflict(error)) throw error;
      conflict = error;
      await runtime.sleep(pauseMs);
    }
  }
  throw tooManyConflicts(conflict);
}

function isConflict(error: unknown): boolean {
  if (error instanceof TransactionConflictException) return true;
  const reasons = error instanceof TransactionCanceledException ? error.CancellationReasons : [];
  return reasons?.some(({ Code }) => Code === 'TransactionConflict') ?? false;
}
