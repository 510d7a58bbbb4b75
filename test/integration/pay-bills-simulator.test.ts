// Reconciliation with the bills of the simulator, which shares no code with lib/.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { beijingDate } from '../../lib/core/beijing-time.ts';
import { reconcile } from '../../lib/reconciliation/reconcile.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { readRefund } from '../../lib/store/refunds.ts';
import { loadReconciliation } from '../../lib/wiring/reconciliation.ts';
import { createBuyers } from '../support/buyers.ts';
import { createWorld, type World } from '../support/world.ts';

const DAY_MS = 86_400_000;

let world: World;
let date: string;
let orders: Record<'known' | 'unpaid' | 'dropped' | 'other', { outTradeNo: string; transactionId: string }>;
beforeAll(async () => {
  world = await createWorld();
  const { paidOrder } = await createBuyers(world);
  const withCoupon = async (api: 'v3' | 'v2') => {
    await world.faults('pay', 'coupon');
    return paidOrder({ api });
  };
  orders = {
    known: await withCoupon('v3'),
    unpaid: await paidOrder({ paid: false }),
    dropped: await paidOrder({ api: 'v2' }),
    other: await withCoupon('v2'),
  };
  date = beijingDate(Date.now());
});
afterAll(() => {
  vi.unstubAllEnvs();
  return world.simulator.close();
});

const merchant = async (action: string, body: object) => {
  const response = await fetch(`${world.simulator.url}/_merchant/${action}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.status === 204 ? undefined : ((await response.json()) as { outRefundNo: string; refundId: string });
};

/** The last report. */
let reported: object;

/** Reconciles the day as the deployed function does, on the clock of the simulator; only the bucket is replaced. */
const run = async (api: 'v3' | 'v2') => {
  let report = '';
  vi.stubEnv('PAY_API', api);
  vi.stubEnv('BILL_REPORTS_BUCKET', 'reports');
  const deps = await loadReconciliation({ ...world.outside, now: Date.now, sleep: async () => undefined });
  const reconciled = await reconcile(
    {
      ...deps,
      now: () => world.simulator.now(),
      storeReport: async (_, body) => {
        for await (const chunk of body) report += chunk.toString();
      },
    },
    { date },
  );
  reported = JSON.parse(report) as object;
  const { bills, differences } = reported as {
    bills: object;
    differences: { kind: string; no: string; ours?: unknown; theirs?: unknown }[];
  };
  return { ...reconciled, bills, found: differences.map(({ kind, no }) => `${kind} ${no}`).toSorted() };
};

it.each(['v3', 'v2'] as const)('rejects today, because WeChat has no bill of it: API %s', async (api) => {
  await expect(run(api)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
});

it.each(['v3', 'v2'] as const)('rejects a day whose bill is not ready: API %s', async (api) => {
  const untilFive = Date.parse(`${date}T05:00:00+08:00`) + DAY_MS - world.simulator.now();
  await world.simulator.advanceClock(Math.max(untilFive, 0));
  await expect(run(api)).rejects.toThrow('retry in half an hour');
});

describe('reconcile with the bills of the simulator', () => {
  beforeAll(async () => {
    await world.simulator.advanceClock(Date.parse(`${date}T10:30:00+08:00`) + DAY_MS - world.simulator.now());
  });

  it('finds a payment without a notification and settles it', async () => {
    expect(await run('v3')).toMatchObject({
      lines: 8,
      bills: { trade: { payments: 4, paidFen: 7200 }, fundFlow: { incomes: 4, incomeFen: 5400 } },
      found: [`unpaid-here ${orders.unpaid.outTradeNo}`],
    });
    expect(await readOrder(world.table, orders.unpaid.outTradeNo)).toMatchObject({ state: 'PAID' });
    expect(await run('v3')).toMatchObject({ differences: 0 });
    expect(await run('v2')).toMatchObject({ lines: 4, differences: 0, bills: { trade: { paidFen: 7200 } } });
  });

  it('compares amounts of orders, of which a coupon paid a part', async () => {
    const { known, other } = orders;
    for (const { outTradeNo } of [known, other]) {
      expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'PAID', amountFen: 1800 });
    }
    expect(await run('v3')).toMatchObject({
      differences: 0,
      bills: { trade: { paidFen: 7200, settledFen: 5400 }, fundFlow: { incomeFen: 5400 } },
    });
  });

  it.each(['v3', 'v2'] as const)('compares each line with the ledger: API %s', async (api) => {
    const stranger = { outTradeNo: 'till-1', transactionId: '4200000000', amountFen: 900 };
    const amounts = { [orders.other.outTradeNo]: 1_801 };
    await merchant('bills', { date, drop: [orders.dropped.outTradeNo], amounts, add: [stranger] });
    const { found, foreign } = await run(api);
    expect(found.filter((difference) => !difference.startsWith('fund-'))).toEqual(
      [`amount ${orders.other.outTradeNo}`, `missing-in-bill ${orders.dropped.outTradeNo}`].toSorted(),
    );
    expect(found.filter((difference) => difference.startsWith('fund-'))).toEqual([]);
    expect(foreign).toBe(1);
    await merchant('bills', {});
    await merchant('bills', { date });
  });

  it.each(['v3', 'v2'] as const)('counts the lines of another system of the merchant apart: API %s', async (api) => {
    await world.faults('bill', 'foreign-lines', api === 'v3' ? 2 : 1);
    const { found, foreign, lines } = await run(api);
    expect({ found, foreign, lines }).toEqual({ found: [], foreign: 4, lines: api === 'v3' ? 22 : 8 });
    expect(reported).toMatchObject({
      foreign: { payments: 2, paidFen: 13_200, refunds: 1, refundedFen: 6_600, revoked: 1 },
      ...(api === 'v3' && { fees: { lines: 7, fen: 20 } }),
    });
  });

  it.each(['v3', 'v2'] as const)('reads the bill of an older merchant: API %s', async (api) => {
    await world.faults('bill', 'old-format');
    const { found, bills } = await run(api);
    expect(bills).toMatchObject({ trade: { payments: 4, paidFen: 7200 } });
    // The old bill has no settled amounts, so the orders with a coupon differ from the fund-flow bill.
    expect(found.filter((difference) => !difference.startsWith('fund-amount'))).toEqual([]);
  });

  it('downloads a bill a second time when its hash differs', async () => {
    await world.faults('bill', 'wrong-hash', 1);
    expect(await run('v3')).toMatchObject({ differences: 0 });
    await world.faults('bill', 'wrong-hash', 2);
    await expect(run('v3')).rejects.toThrow('hash');
  });

  it('reports a refund that was made in the merchant platform, and the sweep settles it', async () => {
    const made = await merchant('refunds', { outTradeNo: orders.known.outTradeNo, amountFen: 300 });
    date = beijingDate(world.simulator.now());
    await world.simulator.advanceClock(DAY_MS);
    const { found, bills } = await run('v3');
    expect(bills).toMatchObject({
      trade: { payments: 0, refunds: 1, refundedFen: 300 },
      fundFlow: { expenseFen: 150 },
    });
    // Stored by the trade bill, so that the fund-flow bill finds it.
    expect(found).toEqual([`unknown-refund ${made!.outRefundNo}`]);
    expect(await readRefund(world.table, made!.outRefundNo)).toMatchObject({ status: 'REPORTED', amountFen: 300 });
    await sweep(world.pay);
    expect(await readRefund(world.table, made!.outRefundNo)).toMatchObject({ status: 'SUCCESS', source: 'CONSOLE' });
    expect(await readOrder(world.table, orders.known.outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 300 });
  });

  it('reconciles a day without transactions', async () => {
    date = beijingDate(world.simulator.now());
    await world.simulator.advanceClock(DAY_MS);
    expect(await run('v3')).toMatchObject({ lines: 0, differences: 0 });
    expect(await run('v2')).toMatchObject({ lines: 0, differences: 0 });
  });
});
