import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Runtime } from '../runtime.ts';
import type { Table } from './table.ts';

/** What a conditional write came to; `old` is the item that refused it, when the write asked for it. */
export type Attempt<Output> =
  { done: true; output: Output } | { done: false; old: Record<string, unknown> | undefined };

/** Runs one conditional write. A refused condition is an answer here, not an error. */
export async function attempt<Output>(write: Promise<Output>): Promise<Attempt<Output>> {
  try {
    return { done: true, output: await write };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { done: false, old: error.Item && unmarshall(error.Item) };
  }
}

type TransactItems = NonNullable<TransactWriteCommandInput['TransactItems']>;

const CONFLICT_TRIES = 5;
const CONFLICT_PAUSE_MS = 20;

/**
 * Writes all items or none; false when a condition refused. The SDK does not repeat a transaction that met another
 * one on the same item, so that is done here. It does name each transaction, so that one whose answer was lost is not
 * done twice.
 */
export async function transact(
  { client }: Table,
  items: TransactItems,
  { sleep, randomBytes }: Pick<Runtime, 'sleep' | 'randomBytes'>,
): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      await client.send(new TransactWriteCommand({ TransactItems: items }));
      return true;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const codes = error.CancellationReasons?.map((reason) => reason.Code) ?? [];
      if (codes.includes('ConditionalCheckFailed')) return false;
      if (!codes.includes('TransactionConflict') || tries === CONFLICT_TRIES) throw error;
      await sleep(tries * CONFLICT_PAUSE_MS + randomBytes(1)[0]! / 8);
    }
  }
}
