// Batch reads of the ledger for the comparison with a bill, also from a table that is throttled or lags.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LOCAL_AWS } from '../../infra/service/table.ts';
import { runtime } from '../../lib/core/runtime.ts';
import { LEDGER_BATCH, listPaidOn, readLedger } from '../../lib/store/ledger.ts';
import { openTable } from '../../lib/store/table.ts';
import { createReconciler, DATE, type Reconciler } from '../support/reconciler.ts';
import { scriptedEngine } from '../support/scripted-engine.ts';

let ledger: Reconciler;
beforeAll(async () => void (ledger = await createReconciler()));
afterAll(() => ledger.close());

describe('readLedger', () => {
  it('returns each order and each refund once and omits unknown numbers', async () => {
    const paid = await ledger.paidOrder();
    const refund = await ledger.refund(paid, 300, 'PROCESSING');
    const { orders, refunds } = await readLedger(ledger.table, {
      orders: [paid.outTradeNo, 'stranger', paid.outTradeNo],
      refunds: [refund.outRefundNo, 'stranger'],
    });
    const { outTradeNo, transactionId, order } = paid;
    expect([...orders]).toEqual([[outTradeNo, expect.objectContaining({ transactionId, mchId: order.mchId })]]);
    expect(orders.get(outTradeNo)).not.toHaveProperty('openId');
    const expected = { outTradeNo, amountFen: 300, status: 'PROCESSING' };
    expect([...refunds]).toEqual([[refund.outRefundNo, expect.objectContaining(expected)]]);
  });

  it('accepts a full batch and rejects a larger batch', async () => {
    const numbers = Array.from({ length: LEDGER_BATCH }, (_, i) => `stranger-${i}`);
    expect((await readLedger(ledger.table, { orders: numbers })).orders.size).toBe(0);
    await expect(readLedger(ledger.table, { orders: [...numbers, 'one-more'] })).rejects.toThrow('100');
  });

  it('makes no call without numbers', async () => {
    const nowhere = openTable('no-such-table');
    expect(await readLedger(nowhere, {})).toEqual({ orders: new Map(), refunds: new Map(), accounts: new Set() });
  });
});

describe('readLedger from a table that is throttled or lags', () => {
  const pauses: number[] = [];
  beforeEach(() => {
    pauses.length = 0;
    vi.spyOn(runtime, 'sleep').mockImplementation(async (ms) => void pauses.push(ms));
  });
  afterEach(() => vi.restoreAllMocks());

  const item = { pk: { S: 'ORDERS#-' }, sk: { S: 'ORDER#1' }, outTradeNo: { S: '1' }, amountFen: { N: '1800' } };
  const left = { UnprocessedKeys: { t: { Keys: [{ pk: item.pk, sk: item.sk }] } } };
  const busy = { status: 400, body: { __type: 'ProvisionedThroughputExceededException', message: 'busy' } };
  const read = async (answers: { status?: number; body: object }[], numbers = ['1']) => {
    const engine = await scriptedEngine({ BatchGetItem: answers });
    Object.assign(process.env, LOCAL_AWS, { AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint });
    try {
      return await readLedger(openTable('t'), { orders: numbers });
    } finally {
      engine.close();
    }
  };

  it('retries the keys that were not processed', async () => {
    const { orders } = await read([{ body: left }, { body: left }, { body: { Responses: { t: [item] } } }]);
    expect(orders.get('1')).toMatchObject({ amountFen: 1800 });
  });

  it('retries a throttled read', async () => {
    const { orders } = await read([...Array.from({ length: 4 }, () => busy), { body: { Responses: { t: [item] } } }]);
    expect(orders.get('1')).toMatchObject({ amountFen: 1800 });
  });

  it('reads strongly the items that an eventually consistent read did not find', async () => {
    const { orders } = await read([{ body: { Responses: { t: [] } } }, { body: { Responses: { t: [item] } } }]);
    expect(orders.size).toBe(1);
  });

  it('gives up after growing pauses', async () => {
    await expect(read([{ body: left }])).rejects.toThrow('1 keys were not read');
    expect(pauses.length).toBeGreaterThan(5);
    expect(pauses.at(-1)!).toBeGreaterThan(10 * pauses[0]!);
  });

  it('fails at once on an error that is not transient', async () => {
    const denied = { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } };
    await expect(read([denied, { body: { Responses: { t: [item] } } }])).rejects.toThrow('no');
  });
});

describe('listPaidOn', () => {
  it('lists the orders that were paid on a day in Beijing, from all partitions', async () => {
    const paid = await Promise.all(Array.from({ length: 30 }, () => ledger.paidOrder()));
    await ledger.paidOrder({ paidAt: '2026-11-20T16:00:00.000Z' });
    await ledger.order();
    const found: string[] = [];
    for await (const no of listPaidOn(ledger.table, DATE)) found.push(no);
    expect(found).toEqual(expect.arrayContaining(paid.map(({ outTradeNo }) => outTradeNo)));
    expect(found).toHaveLength(31);
  });

  it('reads every page of a partition', async () => {
    const page = (no: string) => ({ Items: [{ paidSk: { S: no } }] });
    const more = { LastEvaluatedKey: { paidSk: { S: 'a' } } };
    const engine = await scriptedEngine({ Query: [{ body: { ...page('a'), ...more } }, { body: page('b') }] });
    process.env['AWS_ENDPOINT_URL_DYNAMODB'] = engine.endpoint;
    const found: string[] = [];
    for await (const no of listPaidOn(openTable('t'), DATE)) found.push(no);
    // The second page of the first partition, and one page of each of the seven other partitions.
    expect(found).toEqual(['a', ...Array.from({ length: 8 }, () => 'b')]);
    engine.close();
  });
});
