// Reconciliation on the real engine, with bills from a server of the test.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expenseOf, incomeOf, type Flow } from '../support/bill-files.ts';
import { createReconciler, DATE, type Reconciler } from '../support/reconciler.ts';

let reconciler: Reconciler;
beforeEach(async () => void (reconciler = await createReconciler()));
afterEach(() => reconciler.close());

const offer: Reconciler['offer'] = (...bills) => reconciler.offer(...bills);
const differences = () => reconciler.differences();

describe('reconcile, when bills and ledger agree', () => {
  it('finds no difference and reports the totals of the bills', async () => {
    const [one, two] = [await reconciler.paidOrder(), await reconciler.paidOrder({ amountFen: 5 })];
    const refund = await reconciler.refund(one, 300);
    offer({ payments: [one, two], refunds: [refund] }, [incomeOf(one), incomeOf(two), expenseOf(refund)]);
    expect(await reconciler.run()).toEqual({
      date: DATE,
      lines: 6,
      foreign: 0,
      differences: 0,
      report: `bills/${DATE}.json`,
    });
    expect(reconciler.report()).toEqual({
      date: DATE,
      api: 'v3',
      madeAt: '2026-11-21T02:30:00.000Z',
      bills: {
        trade: {
          rows: 3,
          payments: 2,
          refunds: 1,
          paidFen: 1805,
          settledFen: 1805,
          refundedFen: 300,
          settledRefundFen: 300,
        },
        fundFlow: { rows: 3, incomes: 2, incomeFen: 1805, expenses: 1, expenseFen: 300 },
      },
      differences: [],
      foreign: { payments: 0, paidFen: 0, refunds: 0, refundedFen: 0, revoked: 0 },
      fees: { lines: 0, fen: 0 },
    });
    expect(await reconciler.summary()).toMatchObject({ date: DATE, api: 'v3', lines: 6, differences: 0 });
    expect(reconciler.repairs).toMatchObject({ orders: [], refunds: [] });
  });

  it('compares the fund flow with the settled amount of the trade bill, which WeChat coupons reduce', async () => {
    const paid = { ...(await reconciler.paidOrder()), settledYuan: '17.50' };
    const refund = { ...(await reconciler.refund(paid, 1800)), settledYuan: '17.50' };
    offer({ payments: [paid], refunds: [refund] }, [incomeOf(paid), expenseOf(refund)]);
    expect(await differences()).toEqual([]);
  });

  it('counts fees apart and compares no withdrawal', async () => {
    const paid = await reconciler.paidOrder();
    const fee: Flow = { ...incomeOf(paid), business: '扣除交易手续费', direction: '支出', yuan: '0.11' };
    const back: Flow = { ...fee, direction: '收入', yuan: '0.05' };
    const withdrawal: Flow = { business: '提现', direction: '支出', no: '', wechatNo: '', yuan: '900.00' };
    offer({ payments: [paid] }, [incomeOf(paid), fee, back, withdrawal]);
    expect(await differences()).toEqual([]);
    expect(reconciler.report().bills.fundFlow).toMatchObject({ rows: 4, incomeFen: 1805, expenseFen: 90_011 });
    expect(reconciler.report().fees).toEqual({ lines: 2, fen: 6 });
  });
});

describe('reconcile, when bills and ledger differ', () => {
  it('records a payment whose order is absent from the ledger', async () => {
    const no = await reconciler.lostOrderNo('1');
    const payment = { outTradeNo: no, transactionId: '42001', yuan: '9.00' };
    offer({ payments: [payment] }, [incomeOf(payment)]);
    expect(await differences()).toEqual([{ kind: 'unknown-order', no, theirs: '42001' }]);
    expect(await reconciler.recorded()).toEqual([
      { date: DATE, kind: 'unknown-order', no, theirs: '42001', seenAt: '2026-11-21T02:30:00.000Z' },
    ]);
    expect(reconciler.repairs.orders).toEqual([]);
  });

  it('records a payment whose order is unpaid in the ledger, and rechecks the order', async () => {
    const { outTradeNo } = await reconciler.order();
    offer({ payments: [{ outTradeNo, transactionId: '42002', yuan: '18.00' }] });
    const found = [{ kind: 'unpaid-here', no: outTradeNo, ours: 'NOTPAY', theirs: '42002' }];
    expect(await differences()).toEqual(found);
    expect(reconciler.repairs.orders).toEqual([outTradeNo]);
  });

  it('keeps a difference whose repair fails, and compares the rest', async () => {
    reconciler.repairs.fail = true;
    const { outTradeNo } = await reconciler.order();
    const payments = [outTradeNo, await reconciler.lostOrderNo('1')].map((no) => ({
      outTradeNo: no,
      transactionId: '42003',
      yuan: '18.00',
    }));
    offer({ payments });
    expect((await differences()).map(({ kind }) => kind).toSorted()).toEqual(['unknown-order', 'unpaid-here']);
    expect(reconciler.lines.join('\n')).toContain('bills.repair-failed');
  });

  it('records another amount, another transaction, and another app or merchant', async () => {
    const [amount, transaction] = [await reconciler.paidOrder(), await reconciler.paidOrder()];
    const [app, mch] = [await reconciler.paidOrder(), await reconciler.paidOrder()];
    const bill = [
      { ...amount, yuan: '18.01' },
      { ...transaction, transactionId: '42004' },
      { ...app, appId: 'wx9' },
      { ...mch, mchId: '19' },
    ];
    offer({ payments: bill });
    const ours = 'wx1111111111111111 1900000001';
    expect((await differences()).toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual([
      { kind: 'amount', no: amount.outTradeNo, ours: 1800, theirs: 1801 },
      { kind: 'app', no: expect.any(String), ours, theirs: expect.any(String) },
      { kind: 'app', no: expect.any(String), ours, theirs: expect.any(String) },
      { kind: 'transaction', no: transaction.outTradeNo, ours: transaction.transactionId, theirs: '42004' },
    ]);
    const apps = reconciler.report().differences.filter(({ kind }) => kind === 'app');
    expect(new Map(apps.map(({ no, theirs }) => [no, theirs]))).toEqual(
      new Map([
        [app.outTradeNo, 'wx9 1900000001'],
        [mch.outTradeNo, 'wx1111111111111111 19'],
      ]),
    );
  });

  it('records an order that was paid on the day in Beijing and is absent from the bill', async () => {
    const missing = await reconciler.paidOrder({ paidAt: '2026-11-19T16:00:00.000Z' });
    await reconciler.paidOrder({ paidAt: '2026-11-20T16:00:00.000Z' });
    offer({ payments: [await reconciler.paidOrder()] });
    const found = [{ kind: 'missing-in-bill', no: missing.outTradeNo, ours: missing.transactionId }];
    expect(await differences()).toEqual(found);
  });

  it('records a refund that is absent from the ledger, and reports it', async () => {
    const payment = await reconciler.paidOrder();
    const refund = { payment, outRefundNo: 'console-1', refundId: '5030001', yuan: '3.00' };
    offer({ payments: [payment], refunds: [refund] });
    expect(await differences()).toEqual([{ kind: 'unknown-refund', no: 'console-1', theirs: '5030001' }]);
    const { outTradeNo } = payment;
    const reported = { outRefundNo: 'console-1', outTradeNo, amountFen: 300, refundId: '5030001' };
    expect(reconciler.repairs.refunds).toEqual([reported]);
  });

  it('records a refund whose number belongs to another refund in the ledger, without reporting it', async () => {
    const [one, two] = [await reconciler.paidOrder(), await reconciler.paidOrder()];
    const refund = await reconciler.refund(one, 300);
    offer({ payments: [one, two], refunds: [{ ...refund, payment: two }] });
    expect(await differences()).toEqual([
      { kind: 'unknown-refund', no: refund.outRefundNo, ours: one.outTradeNo, theirs: two.outTradeNo },
    ]);
    expect(reconciler.repairs.refunds).toEqual([]);
  });

  it('records another amount of a refund, and a refund that is REFUSED in the ledger', async () => {
    const [one, two] = [await reconciler.paidOrder(), await reconciler.paidOrder()];
    const [amount, refused] = [await reconciler.refund(one, 300), await reconciler.refund(two, 300, 'REFUSED')];
    offer({ payments: [one, two], refunds: [{ ...amount, yuan: '3.01' }, refused] });
    expect((await differences()).toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual([
      { kind: 'refund-amount', no: amount.outRefundNo, ours: 300, theirs: 301 },
      { kind: 'refund-status', no: refused.outRefundNo, ours: 'REFUSED', theirs: 'SUCCESS' },
    ]);
  });

  it('accepts a failed refund in the bill, and a refund that is CLOSED in the ledger', async () => {
    const payment = await reconciler.paidOrder();
    const [failed, closed] = [
      await reconciler.refund(payment, 1, 'REQUESTED'),
      await reconciler.refund(payment, 1, 'CLOSED'),
    ];
    offer({ payments: [payment], refunds: [{ ...failed, status: 'FAIL' }, closed] });
    expect(await differences()).toEqual([]);
  });

  it('records another amount, transaction or number in the fund-flow bill', async () => {
    const [one, two] = [await reconciler.paidOrder(), await reconciler.paidOrder()];
    const refund = await reconciler.refund(one, 300);
    const lost = await reconciler.lostOrderNo('2');
    const flows = [
      { ...incomeOf(one), yuan: '17.99' },
      { ...incomeOf(two), wechatNo: '42005' },
      { ...expenseOf(refund), yuan: '3.01' },
      { ...incomeOf(two), no: lost },
    ];
    offer({ payments: [one, two], refunds: [refund] }, flows);
    const found = (await differences()).toSorted((a, b) => `${a.kind}${a.no}`.localeCompare(`${b.kind}${b.no}`));
    expect(new Set(found.map(({ kind, no }) => `${kind} ${no}`))).toEqual(
      new Set([
        `fund-amount ${one.outTradeNo}`,
        `fund-amount ${refund.outRefundNo}`,
        `fund-unknown ${lost}`,
        `transaction ${two.outTradeNo}`,
      ]),
    );
    expect(found.find(({ no }) => no === one.outTradeNo)).toMatchObject({ ours: 1800, theirs: 1799 });
  });
});

describe('a run of reconcile', () => {
  it('records a difference once, when lines or runs repeat', async () => {
    const payment = { outTradeNo: await reconciler.lostOrderNo('3'), transactionId: '42006', yuan: '9.00' };
    offer({ payments: [payment, payment] });
    expect(await differences()).toHaveLength(1);
    const before = await reconciler.recorded();
    reconciler.clock.now += 60_000;
    expect(await differences()).toHaveLength(1);
    expect(await reconciler.recorded()).toEqual(before);
  });

  it('reconciles yesterday in Beijing once by schedule, and again when its date is given', async () => {
    offer({ payments: [await reconciler.paidOrder()] });
    const scheduled = { id: '1', source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };
    const first = await reconciler.run(scheduled);
    expect(first).toMatchObject({ date: DATE, lines: 1, differences: 0 });
    const calls = reconciler.wechat.calls.length;
    expect(await reconciler.run(scheduled)).toEqual(first);
    expect(reconciler.wechat.calls).toHaveLength(calls);
    await reconciler.run({ date: DATE });
    expect(reconciler.wechat.calls.length).toBeGreaterThan(calls);
    reconciler.clock.now = Date.parse('2026-11-21T16:00:00.000Z');
    expect(await reconciler.run(scheduled)).toMatchObject({ date: '2026-11-21' });
  });

  it.each([{ date: '20261120' }, { date: '2026-02-30' }, { date: 1 }, 'yesterday', null])(
    'rejects the input %j',
    async (input) => {
      await expect(reconciler.run(input)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
      expect(reconciler.wechat.calls).toEqual([]);
    },
  );

  it('records every payment of a day without a bill as missing', async () => {
    const { outTradeNo } = await reconciler.paidOrder();
    expect(await differences()).toMatchObject([{ kind: 'missing-in-bill', no: outTradeNo }]);
    expect(await reconciler.summary()).toMatchObject({ lines: 0, differences: 1 });
  });

  it.each(['trade', 'fundFlow'] as const)('rejects and compares nothing before the %s bill is ready', async (kind) => {
    offer({ payments: [{ outTradeNo: 'unknown', transactionId: '1', yuan: '1.00' }] }, []);
    reconciler.wechat.offers[kind] = [{ decline: 'STATEMENT_CREATING' }];
    await expect(reconciler.run({})).rejects.toMatchObject({
      code: 'WECHAT_UNAVAILABLE',
      message: expect.stringContaining('retry in half an hour') as string,
    });
    expect(await reconciler.recorded()).toEqual([]);
    expect(await reconciler.summary()).toBeUndefined();
    reconciler.wechat.offers[kind] = [];
    await expect(reconciler.run({})).resolves.toMatchObject({ date: DATE });
  });

  it('does not mark a day as done when its report cannot be stored', async () => {
    offer({});
    reconciler.deps.storeReport = async () => Promise.reject(new Error('no bucket'));
    await expect(reconciler.run({})).rejects.toThrow('no bucket');
    expect(await reconciler.summary()).toBeUndefined();
  });
});
