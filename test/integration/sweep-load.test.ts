// The sweep with many due follow-ups: owners take turns, refunds have workers of their own, and parts are disjoint.
import { BatchWriteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { randomId } from '../../lib/core/ids.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { inBatches } from '../../lib/reconciliation/in-batches.ts';
import { followUpEntry, keys, type FollowUpEntry, type Key } from '../../lib/store/keys.ts';
import { putOrder, readOrder, type Order } from '../../lib/store/orders.ts';
import { putReportedRefund, type Refund } from '../../lib/store/refunds.ts';
import type { PayApi } from '../../lib/wechat-pay/pay-api.ts';
import { createBuyers, transactionFor } from '../support/buyers.ts';
import { dueNumbers } from '../support/follow-ups.ts';
import { asVerified } from '../support/verified.ts';
import { createWorld, type World } from '../support/world.ts';

const HOUR_MS = 3_600_000;
/** Longer than a run, shorter than the shortest pause between two visits. */
const RUN_MS = 55_000;

let world: World;
let template: Order;
let clock = 0;
beforeAll(async () => {
  world = await createWorld();
  const buyers = await createBuyers(world);
  const placed = await readOrder(world.table, (await buyers.newOrder()).order.outTradeNo);
  const { pk: _pk, sk: _sk, followUpPk: _, followUpSk: __, ...order } = placed as Order & FollowUpEntry & Key;
  template = order;
});
/** Ends all follow-ups, so that each test sees only its own. */
afterEach(async () => {
  for (const kind of ['order', 'refund'] as const) {
    const due = await dueNumbers(world.table, kind, world.base.now() + 400 * 24 * HOUR_MS);
    await inBatches(due, { size: 25, inFlight: 4 }, async (numbers) => {
      const puts = numbers.map((no) => ({ PutRequest: { Item: keys[kind](no) } }));
      await world.table.client.send(new BatchWriteCommand({ RequestItems: { [world.table.name]: puts } }));
    });
  }
});
afterAll(() => world.simulator.close());

/** Stores an account and returns its id. `beside` is an account with the same partition of the schedule. */
async function newOwner({ beside }: { beside?: string } = {}): Promise<string> {
  const partition = (id: string) => followUpEntry({ kind: 'order', no: id + '0'.repeat(16) }, 0).followUpPk;
  const drawn = Array.from({ length: 2_000 }, () => randomId(randomBytes, 16));
  const id = drawn.find((each) => beside === undefined || partition(each) === partition(beside))!;
  const account = { ...keys.account(id), id, revision: 1 };
  await world.table.client.send(new PutCommand({ TableName: world.table.name, Item: account }));
  return id;
}

/** Stores open orders of an owner, all due in `dueInMs`. */
async function placeOrders(owner: string, count: number, dueInMs = 0): Promise<string[]> {
  const numbers = Array.from({ length: count }, (_, index) => owner + String(index).padStart(16, '0'));
  const nowMs = world.base.now();
  const times = {
    createdAt: new Date(nowMs).toISOString(),
    timeExpire: new Date(nowMs + 2 * HOUR_MS).toISOString(),
  };
  for (let at = 0; at < count; at += 50) {
    const batch = numbers.slice(at, at + 50);
    await Promise.all(
      batch.map((outTradeNo) => putOrder(world.table, { ...template, ...times, outTradeNo }, nowMs + dueInMs)),
    );
  }
  return numbers;
}

/**
 * Returns dependencies whose clock only moves with queries: `perRun` queries take as long as a run. `query` decides
 * about an order.
 */
function depsWith({ perRun = Infinity, query }: { perRun?: number; query: (outTradeNo: string) => unknown }) {
  clock = world.base.now() + 60_000;
  const queried: string[] = [];
  const payApi = async () =>
    ({
      query: async ({ outTradeNo }: Order) => {
        clock += RUN_MS / perRun;
        queried.push(outTradeNo);
        return asVerified(query(outTradeNo) as never);
      },
    }) as unknown as PayApi;
  return { queried, deps: { ...world.pay, now: () => clock, payApi } };
}

const unpaid = (outTradeNo: string) => ({ ...transactionFor(outTradeNo), tradeState: 'NOTPAY', payment: undefined });
const stateOf = async (outTradeNo: string) => (await readOrder(world.table, outTradeNo))?.state;

describe('pay-sweep with many due orders of one account', () => {
  it('finds the paid order of another account behind a thousand of them in the same partition', async () => {
    const flood = await newOwner();
    await placeOrders(flood, 1_000);
    const [paid] = (await placeOrders(await newOwner({ beside: flood }), 1, 1_000)) as [string];
    const { deps, queried } = depsWith({
      perRun: 500,
      query: (outTradeNo) => (outTradeNo === paid ? transactionFor(paid) : unpaid(outTradeNo)),
    });
    expect(await sweep(deps)).toMatchObject({ failed: 0, more: true });
    expect(await stateOf(paid)).toBe('PAID');
    expect(queried.indexOf(paid)).toBeLessThan(40);
  });

  it('visits each of them once in one run, if there is time', async () => {
    await placeOrders(await newOwner(), 400);
    const { deps, queried } = depsWith({ query: unpaid });
    expect(await sweep(deps)).toEqual({ visited: 400, failed: 0, more: false });
    expect(new Set(queried).size).toBe(400);
  });

  it('queries a refund that is due after them before the run ends', async () => {
    const [outTradeNo] = (await placeOrders(await newOwner(), 400)) as [string];
    const refund: Refund = {
      outRefundNo: 'R-behind-a-flood',
      outTradeNo,
      amountFen: 1,
      status: 'REPORTED',
      source: 'CONSOLE',
      createdAt: new Date().toISOString(),
      changedAt: new Date().toISOString(),
    };
    await putReportedRefund(world.table, refund, world.base.now() + 1_000);
    const { deps } = depsWith({ perRun: 200, query: unpaid });
    const asked: string[] = [];
    const refundApi = async () => ({
      query: async ({ outRefundNo }: { outRefundNo: string }) => {
        asked.push(outRefundNo);
        throw new AppError('NOT_FOUND', 'no such refund');
      },
    });
    expect(await sweep({ ...deps, refundApi })).toMatchObject({ more: true });
    expect(asked).toEqual(['R-behind-a-flood']);
  });
});

describe('pay-sweep with due orders of many accounts', () => {
  it('visits every order in one run, although a tenth of the visits fail', async () => {
    const owners = await Promise.all(Array.from({ length: 20 }, () => newOwner()));
    const numbers = (await Promise.all(owners.map((owner) => placeOrders(owner, 20)))).flat();
    const { deps } = depsWith({
      query: (outTradeNo) => {
        if (outTradeNo.endsWith('7')) throw new AppError('ORDER_STATE_CONFLICT', 'poison');
        return transactionFor(outTradeNo);
      },
    });
    expect(await sweep(deps)).toEqual({ visited: 400, failed: 40, more: false });
    const paid = await Promise.all(numbers.map(stateOf));
    expect(paid.filter((state) => state === 'PAID')).toHaveLength(360);
    expect(await dueNumbers(world.table, 'order', clock)).toEqual([]);
  });

  it('visits every order once in four concurrent runs with disjoint parts', async () => {
    const owners = await Promise.all(Array.from({ length: 64 }, () => newOwner()));
    const numbers = (await Promise.all(owners.map((owner) => placeOrders(owner, 2)))).flat();
    const { deps, queried } = depsWith({ query: unpaid });
    let lostClaims = 0;
    const table = {
      ...world.table,
      client: {
        send: (command: never) =>
          world.table.client.send(command).catch((error: Error) => {
            lostClaims += Number(error.name === 'ConditionalCheckFailedException');
            throw error;
          }),
      },
    } as unknown as typeof world.table;
    const runs = await Promise.all([0, 1, 2, 3].map((part) => sweep({ ...deps, table }, { part, of: 4 })));
    expect(runs.reduce((sum, { visited }) => sum + visited, 0)).toBe(numbers.length);
    expect(runs.every(({ visited }) => visited > 0)).toBe(true);
    expect(queried.toSorted()).toEqual(numbers.toSorted());
    // A run claims no follow-up of another part.
    expect(lostClaims).toBe(0);
  });

  it.each([{ part: 4, of: 4 }, { part: -1, of: 4 }, { part: 0.5, of: 4 }, { of: 0 }, { part: '0' }, 'all'])(
    'rejects the part %j',
    async (input) => {
      await expect(sweep(world.pay, input)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    },
  );

  it.each(['WECHAT_TIMEOUT', 'RATE_LIMITED'] as const)(
    'stops its queries after %s in a row, and reports that orders are left',
    async (code) => {
      const owners = await Promise.all(Array.from({ length: 100 }, () => newOwner()));
      await Promise.all(owners.map((owner) => placeOrders(owner, 1)));
      const { deps, queried } = depsWith({
        query: () => {
          throw new AppError(code, 'down');
        },
      });
      expect(await sweep(deps)).toMatchObject({ more: true });
      expect(queried.length).toBeLessThan(60);
      // The other orders are still due, so the next run begins with them.
      expect(await dueNumbers(world.table, 'order', clock)).toHaveLength(100 - queried.length);
      // The failed visits are repeated after five minutes.
      expect(await dueNumbers(world.table, 'order', clock + 5 * 60_000 + 1)).toHaveLength(100);
    },
  );
});
