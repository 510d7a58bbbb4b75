// Bursts on one item, against a table that rejects overlapping transactions as DynamoDB does. All times are virtual.
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PATIENT_BUDGET_MS } from '../../../../lib/core/conflict-pauses.ts';
import { retryOnConflict, VERSION_CONFLICT } from '../../../../lib/core/optimistic-locking.ts';
import { runtime } from '../../../../lib/core/runtime.ts';
import { transact } from '../../../../lib/store/attempt.ts';
import type { Table } from '../../../../lib/store/table.ts';
import { bookEntry } from '../../../../lib/store/wallets.ts';

/** Time that a transaction holds its items (ms). */
const TRANSACTION_MS = 15;
const READ_MS = 5;

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const cancelled = (Code: string) =>
  new TransactionCanceledException({ message: Code, CancellationReasons: [{ Code }], $metadata: {} });

/** A table with one item at most: its revision. */
function contendedTable(conflictBudgetMs?: number) {
  let revision = 0;
  const held = new Set<string>();
  const send = async ({ input }: { input: TransactWriteCommandInput }) => {
    const updates = (input.TransactItems ?? []).flatMap(({ Update, Put }) => [Update?.Key, Put?.Item]);
    const keys = updates.filter((key) => key !== undefined).map(({ pk, sk }) => `${pk} ${sk}`);
    if (keys.some((key) => held.has(key))) throw cancelled('TransactionConflict');
    for (const key of keys) held.add(key);
    await after(TRANSACTION_MS);
    for (const key of keys) held.delete(key);
    const seen = input.TransactItems?.[0]?.Update?.ExpressionAttributeValues?.[':seen'];
    if (seen !== undefined && seen !== revision) throw cancelled('ConditionalCheckFailed');
    revision += 1;
  };
  const table = { name: 't', client: { send }, ...(conflictBudgetMs && { conflictBudgetMs }) } as unknown as Table;
  return { table, revision: () => revision };
}

/** Reads the revision and writes the next revision, like a partial refund of one order. */
function increment({ table, revision }: ReturnType<typeof contendedTable>): Promise<boolean> {
  return retryOnConflict({ sleep: after, table }, async () => {
    const seen = revision();
    await after(READ_MS);
    const Update = {
      TableName: 't',
      Key: { pk: 'ORDER', sk: 'ORDER' },
      UpdateExpression: 'SET revision = :next',
      ExpressionAttributeValues: { ':seen': seen, ':next': seen + 1 },
    };
    return (await transact(table, [{ Update }])) || VERSION_CONFLICT;
  });
}

async function outcomesOf(calls: Promise<unknown>[]) {
  const settled = Promise.allSettled(calls);
  await vi.runAllTimersAsync();
  const outcomes = await settled;
  const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as object] : []));
  return { done: outcomes.length - failed.length, failed };
}

describe('a burst of writes of one item', () => {
  let seed = 1;
  beforeEach(() => {
    vi.useFakeTimers();
    seed = 1;
    // A sequence with a fixed seed, so that each run is the same.
    vi.spyOn(runtime, 'randomBytes').mockImplementation(() => {
      seed = (seed * 16_807) % 2_147_483_647;
      return Buffer.from([seed % 256]);
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('books 60 concurrent credits of one wallet for a consumer', async () => {
    const { table } = contendedTable(PATIENT_BUDGET_MS);
    const credits = Array.from({ length: 60 }, (_, index) =>
      bookEntry(table, { id: `order:${index}`, accountId: 'a', amountFen: 1, outTradeNo: String(index), at: '' }),
    );
    expect(await outcomesOf(credits)).toEqual({ done: 60, failed: [] });
  });

  it('applies 100 concurrent changes of one order for an operator', async () => {
    const order = contendedTable(PATIENT_BUDGET_MS);
    expect(await outcomesOf(Array.from({ length: 100 }, () => increment(order)))).toEqual({ done: 100, failed: [] });
    expect(order.revision()).toBe(100);
  });

  it('ends in RATE_LIMITED and in no other error for requests that cannot wait so long', async () => {
    const order = contendedTable();
    const { done, failed } = await outcomesOf(Array.from({ length: 100 }, () => increment(order)));
    expect(done).toBe(order.revision());
    expect(failed.length).toBeGreaterThan(0);
    expect(failed).toEqual(failed.map(() => expect.objectContaining({ code: 'RATE_LIMITED', retryAfterSeconds: 1 })));
  });

  it('keeps the wait of a request within three seconds', async () => {
    const order = contendedTable();
    const beganAtMs = Date.now();
    await outcomesOf(Array.from({ length: 100 }, () => increment(order)));
    expect(Date.now() - beganAtMs).toBeLessThan(3_000);
  });
});
