import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import { TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { runtime } from '../core/runtime.ts';
import type { Table } from './table.ts';

/** What a conditional write came to; `old` is the item that refused it, when the write asked for it. */
export type Attempt<Output> =
  { done: true; output: Output } | { done: false; old: Record<string, unknown> | undefined };

/** Runs one conditional write. A refused condition is an answer here, not an error. */
export function attempt<Output>(write: () => Promise<Output>): Promise<Attempt<Output>> {
  return untilNoConflict(async () => {
    try {
      return { done: true, output: await write() };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { done: false, old: error.Item && unmarshall(error.Item) };
    }
  });
}

type TransactItems = NonNullable<TransactWriteCommandInput['TransactItems']>;

/**
 * Writes all items or none; false when a condition refused. The SDK names each transaction, so that one whose answer
 * was lost is not done twice.
 */
export function transact({ client }: Table, items: TransactItems): Promise<boolean> {
  return untilNoConflict(async () => {
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

const CONFLICT_TRIES = 5;
const CONFLICT_PAUSE_MS = 20;

/** Any write that meets a transaction on the same item is refused, and the SDK does not repeat it: that is done here. */
async function untilNoConflict<Outcome>(write: () => Promise<Outcome>): Promise<Outcome> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (!isConflict(error) || tries === CONFLICT_TRIES) throw error;
      await runtime.sleep(tries * CONFLICT_PAUSE_MS + runtime.randomBytes(1)[0]! / 8);
    }
  }
}

function isConflict(error: unknown): boolean {
  if (error instanceof TransactionConflictException) return true;
  const reasons = error instanceof TransactionCanceledException ? error.CancellationReasons : [];
  return reasons?.some(({ Code }) => Code === 'TransactionConflict') ?? false;
}
