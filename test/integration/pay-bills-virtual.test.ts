// Reconciliation of virtual payment with the bills of the simulator, which shares no code with lib/.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { beijingDate } from '../../lib/core/beijing-time.ts';
import { checkOrder } from '../../lib/pay/check-order.ts';
import { reconcile } from '../../lib/reconciliation/reconcile.ts';
import { readReconciled } from '../../lib/store/bills.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { loadReconciliation } from '../../lib/wiring/reconciliation.ts';
import { createBuyers } from '../support/buyers.ts';
import { createVirtualBuyers } from '../support/virtual-buyers.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const DAY_MS = 86_400_000;

interface Report {
  api: string;
  bills: object;
  differences: { kind: string; no: string; ours?: unknown; theirs?: unknown }[];
  virtual?: { offerId: string; bill?: { columns: Record<string, string> }; ledger: object; notes: string[] };
}

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
let virtualBuyers: Awaited<ReturnType<typeof createVirtualBuyers>>;
let wechat: (typeof virtualBuyers)['wechat'];
beforeEach(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
  virtualBuyers = await createVirtualBuyers(world);
  ({ wechat } = virtualBuyers);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await world.simulator.close();
});

/** Buys a top-up by virtual payment. `booked: false` leaves the payment out of the ledger. */
async function topUp(amountFen: number, { booked = true, apple = false } = {}): Promise<string> {
  const { outTradeNo } = await virtualBuyers.paidOrder({ sku: 'top-up', amountFen }, { apple });
  if (booked) await book(outTradeNo);
  return outTradeNo;
}

async function book(outTradeNo: string): Promise<void> {
  await checkOrder(world.pay, await virtualBuyers.stored(outTradeNo));
}

/** The last report. */
let reported: Report | undefined;

/** Reconciles today as the deployed function does tomorrow at 10:30 in Beijing. Only the bucket is replaced. */
async function run(settings: Record<string, string> = {}) {
  const date = beijingDate(Date.now());
  const tomorrow = Date.parse(`${date}T10:30:00+08:00`) + DAY_MS;
  await world.simulator.advanceClock(Math.max(tomorrow - world.simulator.now(), 0));
  vi.stubEnv('BILL_REPORTS_BUCKET', 'reports');
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  const deps = await loadReconciliation({ ...world.outside, now: Date.now, sleep: async () => undefined });
  reported = undefined;
  const storeReport: typeof deps.storeReport = async (_, body) => {
    let text = '';
    for await (const chunk of body) text += chunk.toString();
    reported = JSON.parse(text) as Report;
  };
  const result = await reconcile({ ...deps, now: () => world.simulator.now(), storeReport }, { date });
  return { ...result, report: reported!, reconciled: await readReconciled(world.table, date) };
}

const billRequests = () => world.calls('/xpay/download_bill');
const none = { payments: 0, paidFen: 0 };

describe.each(['v3', 'v2'])(
  'reconcile with virtual payment, beside the bills of a merchant number by API %s',
  (api) => {
    it('finds no difference on a day whose totals are equal, and misses no virtual payment in the trade bill', async () => {
      await buyers.paidOrder();
      for (const amountFen of [100, 500, 12_300]) await topUp(amountFen);
      const { differences, lines, report, reconciled } = await run({ PAY_API: api });
      expect({ differences, lines, found: report.differences }).toEqual({
        differences: 0,
        lines: api === 'v3' ? 2 : 1,
        found: [],
      });
      expect(report.virtual).toMatchObject({
        offerId: ids.virtual.offerId,
        bill: { rows: 1, payments: 3, paidFen: 12_900, columns: { 交易笔数: '3', 交易金额: '129', 退款笔数: '0' } },
        ledger: { wechat: { payments: 3, paidFen: 12_900 }, apple: none, sandbox: none },
        notes: [expect.stringContaining('Refunds are not compared')],
      });
      expect(Object.keys(report.virtual!.bill!.columns)).toHaveLength(11);
      expect(reconciled).toMatchObject({ api, differences: 0 });
    });
  },
);

describe('reconcile with virtual payment', () => {
  it('records count and amount when the ledger lacks a payment, and none after it was booked', async () => {
    await topUp(100);
    const lost = await topUp(500, { booked: false });
    const { report } = await run();
    expect(report.differences).toEqual([
      { kind: 'virtual-count', no: ids.virtual.offerId, ours: 1, theirs: 2 },
      { kind: 'virtual-amount', no: ids.virtual.offerId, ours: 100, theirs: 600 },
    ]);
    expect(report.virtual!.notes[0]).toContain('Run pay-bills for the day once more');
    await book(lost);
    expect(await run()).toMatchObject({ differences: 0 });
  });

  it('records an amount that differs while the counts are equal', async () => {
    await topUp(100);
    await wechat.distortBill({ addFen: -1 });
    expect((await run()).report.differences).toEqual([
      { kind: 'virtual-amount', no: ids.virtual.offerId, ours: 100, theirs: 99 },
    ]);
  });

  it('compares a bill whose cells are texts', async () => {
    await topUp(1_200);
    await wechat.plan({ target: 'virtual-bill', action: 'text-cells' });
    expect(await run()).toMatchObject({ differences: 0, report: { virtual: { bill: { paidFen: 1_200 } } } });
  });

  it('counts payments of Apple apart, because the daily bill lacks them', async () => {
    await topUp(100);
    await topUp(600, { apple: true });
    expect(await run()).toMatchObject({
      differences: 0,
      report: { virtual: { ledger: { wechat: { payments: 1 }, apple: { payments: 1, paidFen: 600 } } } },
    });
  });

  it('finds no difference on a day without virtual payments', async () => {
    await buyers.paidOrder();
    expect(await run()).toMatchObject({ differences: 0, report: { virtual: { ledger: { wechat: none } } } });
  });

  it('records a payment that the bill lacks', async () => {
    await topUp(100);
    await wechat.distortBill({ addCount: -1, addFen: -100 });
    expect((await run()).report.differences).toMatchObject([
      { kind: 'virtual-count', ours: 1, theirs: 0 },
      { kind: 'virtual-amount', ours: 100, theirs: 0 },
    ]);
  });

  it('fails while WeChat makes the bill, after the bills of the merchant number are compared and reported', async () => {
    const lost = await buyers.paidOrder({ paid: false });
    await wechat.errcode('download_bill', 268490011, 13);
    await expect(run()).rejects.toMatchObject({
      code: 'WECHAT_UNAVAILABLE',
      message: 'The bill of virtual payment is not ready: retry in half an hour',
    });
    expect(await billRequests()).toBe(13);
    expect(await readOrder(world.table, lost.outTradeNo)).toMatchObject({ state: 'PAID' });
    expect(reported).toMatchObject({ differences: [{ kind: 'unpaid-here', no: lost.outTradeNo }] });
    expect(reported).not.toHaveProperty('virtual');
    expect(await readReconciled(world.table, beijingDate(Date.now()))).toBeUndefined();
    expect(await run()).toMatchObject({ differences: 0 });
  });

  it('downloads no bill in the sandbox, and reports the reason', async () => {
    await topUp(100);
    const { differences, report } = await run({ VIRTUAL_PAY_ENV: 'sandbox' });
    expect(differences).toBe(0);
    expect(report.virtual).toMatchObject({ notes: [expect.stringContaining('sandbox has no bill')] });
    expect(report.virtual).not.toHaveProperty('bill');
    expect(await billRequests()).toBe(0);
  });

  it('misses no earlier virtual payment in the trade bill after virtual payment was removed', async () => {
    await topUp(100);
    const { differences, report } = await run({ VIRTUAL_PAY_OFFER_ID: '' });
    expect({ differences, virtual: report.virtual }).toEqual({ differences: 0, virtual: undefined });
  });
});

describe('reconcile in a shop without a merchant number', () => {
  const WITHOUT_MERCHANT = Object.fromEntries(
    ['PAY_MCH_ID', 'PAY_MCH_CERT_SERIAL', 'PAY_MCH_PRIVATE_KEY', 'PAY_API_V3_KEY', 'PAY_API_V2_KEY'].map((name) => [
      name,
      '',
    ]),
  );

  it('compares the bill of virtual payment alone', async () => {
    await topUp(300);
    await topUp(200, { booked: false });
    const { report, reconciled } = await run(WITHOUT_MERCHANT);
    expect(report).toMatchObject({ api: 'virtual', bills: {} });
    expect(report.differences).toMatchObject([
      { kind: 'virtual-count', ours: 1, theirs: 2 },
      { kind: 'virtual-amount', ours: 300, theirs: 500 },
    ]);
    expect(reconciled).toMatchObject({ api: 'virtual', lines: 0, foreign: 0, differences: 2 });
    expect(await world.calls('/v3/bill/tradebill')).toBe(0);
  });

  it('compares no payment of an earlier merchant number', async () => {
    await buyers.paidOrder();
    expect(await run(WITHOUT_MERCHANT)).toMatchObject({ differences: 0 });
  });

  it('names the merchant number when virtual payment is not set up either', async () => {
    await expect(run({ ...WITHOUT_MERCHANT, VIRTUAL_PAY_OFFER_ID: '' })).rejects.toThrow('PAY_MCH_ID is not set');
  });
});
