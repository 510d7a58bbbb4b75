// The books as a bill is compared with them: many at once, from a table that is busy, or behind.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LOCAL_AWS } from '../../infra/service/table.ts';
import { runtime } from '../../lib/core/runtime.ts';
import { LEDGER_BATCH, listPaidOn, readLedger } from '../../lib/store/ledger.ts';
import { openTable } from '../../lib/store/table.ts';
import { createReconciler, DATE, type Reconciler } from '../support/reconciler.ts';
import { scriptedEngine } from '../support/scripted-engine.ts';

let books: Reconciler;
beforeAll(async () => void (books = await createReconciler()));
afterAll(() => books.close());

describe('orders and refunds by number', () => {
  it('come together, each once, and what does not exist is not there', async () => {
    const paid = await books.paidOrder();
    const refund = await books.refund(paid, 300, 'PROCESSING');
    const { orders, refunds } = await readLedger(books.table, {
      orders: [paid.outTradeNo, 'stranger', paid.outTradeNo],
      refunds: [refund.outRefundNo, 'stranger'],
    });
    const { outTradeNo, transactionId, order } = paid;
    expect([...orders]).toEqual([[outTradeNo, expect.objectContaining({ transactionId, mchId: order.mchId })]]);
    expect(orders.get(outTradeNo)).not.toHaveProperty('openId');
    const known = { outTradeNo, amountFen: 300, status: 'PROCESSING' };
    expect([...refunds]).toEqual([[refund.outRefundNo, expect.objectContaining(known)]]);
  });

  it('may be as many as DynamoDB takes at once', async () => {
    const numbers = Array.from({ length: LEDGER_BATCH }, (_, i) => `stranger-${i}`);
    expect((await readLedger(books.table, { orders: numbers })).orders.size).toBe(0);
    await expect(readLedger(books.table, { orders: [...numbers, 'one-more'] })).rejects.toThrow('100');
  });

  it('of nothing ask for nothing', async () => {
    const nowhere = openTable('no-such-table');
    expect(await readLedger(nowhere, {})).toEqual({ orders: new Map(), refunds: new Map() });
  });
});

describe('a table that is busy or behind', () => {
  const pauses: number[] = [];
  beforeEach(() => {
    pauses.length = 0;
    vi.spyOn(runtime, 'sleep').mockImplementation(async (ms) => void pauses.push(ms));
  });
  afterEach(() => vi.restoreAllMocks());

  const item = { pk: { S: 'ACCOUNT#-' }, sk: { S: 'ORDER#1' }, outTradeNo: { S: '1' }, amountFen: { N: '1800' } };
  const left = { UnprocessedKeys: { t: { Keys: [{ pk: item.pk, sk: item.sk }] } } };
  const busy = { status: 400, body: { __type: 'ProvisionedThroughputExceededException', message: 'busy' } };
  const read = async (answers: { status?: number; body: object }[], wanted = ['1']) => {
    const engine = await scriptedEngine({ BatchGetItem: answers });
    Object.assign(process.env, LOCAL_AWS, { AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint });
    try {
      return await readLedger(openTable('t'), { orders: wanted });
    } finally {
      engine.close();
    }
  };

  it('is asked again for the keys that it left', async () => {
    const { orders } = await read([{ body: left }, { body: left }, { body: { Responses: { t: [item] } } }]);
    expect(orders.get('1')).toMatchObject({ amountFen: 1800 });
  });

  it('is asked again when it could read none', async () => {
    const { orders } = await read([...Array.from({ length: 4 }, () => busy), { body: { Responses: { t: [item] } } }]);
    expect(orders.get('1')).toMatchObject({ amountFen: 1800 });
  });

  it('is looked at strongly for what an eventual read did not find', async () => {
    const { orders } = await read([{ body: { Responses: { t: [] } } }, { body: { Responses: { t: [item] } } }]);
    expect(orders.size).toBe(1);
  });

  it('is not asked for ever', async () => {
    await expect(read([{ body: left }])).rejects.toThrow('1 keys were not read');
    expect(pauses.length).toBeGreaterThan(5);
    expect(pauses.at(-1)!).toBeGreaterThan(10 * pauses[0]!);
  });

  it('fails at once for what a pause does not mend', async () => {
    const denied = { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } };
    await expect(read([denied, { body: { Responses: { t: [item] } } }])).rejects.toThrow('no');
  });
});

describe('what was paid on a day of Beijing', () => {
  it('comes from all partitions and all pages', async () => {
    const paid = await Promise.all(Array.from({ length: 30 }, () => books.paidOrder()));
    await books.paidOrder({ paidAt: '2026-11-20T16:00:00.000Z' });
    await books.order();
    const found: string[] = [];
    for await (const no of listPaidOn(books.table, DATE)) found.push(no);
    expect(found).toEqual(expect.arrayContaining(paid.map(({ outTradeNo }) => outTradeNo)));
    expect(found).toHaveLength(31);
  });

  it('is asked for page by page', async () => {
    const page = (no: string) => ({ Items: [{ paidSk: { S: no } }] });
    const more = { LastEvaluatedKey: { paidSk: { S: 'a' } } };
    const engine = await scriptedEngine({ Query: [{ body: { ...page('a'), ...more } }, { body: page('b') }] });
    process.env['AWS_ENDPOINT_URL_DYNAMODB'] = engine.endpoint;
    const found: string[] = [];
    for await (const no of listPaidOn(openTable('t'), DATE)) found.push(no);
    // The second page, and the one page of each of the seven other partitions.
    expect(found).toEqual(['a', ...Array.from({ length: 8 }, () => 'b')]);
    engine.close();
  });
});
