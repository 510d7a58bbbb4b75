import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runtime } from '../../lib/core/runtime.ts';
import { MAX_REFUNDS } from '../../lib/pay/refund.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { readRefund } from '../../lib/store/refunds.ts';
import type { Table } from '../../lib/store/table.ts';
import { createBuyers } from '../support/buyers.ts';
import { createWorld, type World } from '../support/world.ts';

type Keyed = Record<'pk' | 'sk', string>;
type Writes = NonNullable<TransactWriteCommandInput['TransactItems']>;

/** Adds DynamoDB's rejection of a transaction while another one holds the same item. The local engine serialises them. */
function withConflicts(table: Table) {
  const held = new Set<string>();
  const seen = { conflicts: 0 };
  const send = async (command: { input: { TransactItems?: Writes } }) => {
    const items = (command.input.TransactItems ?? []).map(
      ({ Put, Update, Delete, ConditionCheck }) => Put?.Item ?? (Update ?? Delete ?? ConditionCheck)?.Key,
    );
    const keys = (items as Keyed[]).map(({ pk, sk }) => `${pk} ${sk}`);
    if (keys.some((key) => held.has(key))) {
      seen.conflicts += 1;
      const CancellationReasons = [{ Code: 'TransactionConflict' }];
      throw new TransactionCanceledException({ message: 'conflict', CancellationReasons, $metadata: {} });
    }
    for (const key of keys) held.add(key);
    try {
      return await table.client.send(command as never);
    } finally {
      for (const key of keys) held.delete(key);
    }
  };
  return { seen, table: { ...table, client: { send } as unknown as Table['client'] } };
}

let world: World;
let paidOrder: Awaited<ReturnType<typeof createBuyers>>['paidOrder'];
beforeAll(async () => {
  world = await createWorld();
  ({ paidOrder } = await createBuyers(world));
});
afterAll(async () => {
  vi.restoreAllMocks();
  await world.simulator.close();
});

describe('a burst of refunds of one order', () => {
  it('ends each of 100 concurrent refunds in a refund or a documented code, and reserves each fen once', async () => {
    const { outTradeNo } = await paidOrder();
    const { seen, table } = withConflicts(world.pay.table);
    // Pauses are shortened. No expectation depends on which refund wins.
    const realSleep = runtime.sleep;
    const sleep = (ms: number) => realSleep(ms / 20);
    vi.spyOn(runtime, 'sleep').mockImplementation(sleep);
    const numbers = Array.from({ length: 100 }, (_, index) => `BURST${Date.now()}x${index}`);
    const outcomes = await Promise.allSettled(
      numbers.map((outRefundNo) =>
        refundOrder({ ...world.pay, table, sleep }, { outTradeNo, outRefundNo, amountFen: 7 }),
      ),
    );

    const codes = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [(outcome.reason as { code?: string }).code] : [],
    );
    expect(codes.filter((code) => code !== 'ORDER_STATE_CONFLICT' && code !== 'RATE_LIMITED')).toEqual([]);
    expect(seen.conflicts).toBeGreaterThan(0);
    const stored = (await Promise.all(numbers.map((number) => readRefund(world.table, number)))).filter(Boolean);
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.length).toBeLessThanOrEqual(MAX_REFUNDS);
    const order = (await readOrder(world.table, outTradeNo))!;
    expect(order.refundingFen + order.refundedFen).toBe(7 * stored.length);
  });
});
