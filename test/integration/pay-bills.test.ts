// Reconciliation on the real engine, with bills that a server of this test hands out.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expenseOf, fundFlowBill, incomeOf, tradeBill, type Flow } from '../support/bill-files.ts';
import { createReconciler, DATE, type Reconciler } from '../support/reconciler.ts';

let books: Reconciler;
beforeEach(async () => void (books = await createReconciler()));
afterEach(() => books.close());

const offer = (trade: Parameters<typeof tradeBill>[0], flows?: Flow[]) => {
  books.wechat.offers.trade = [{ text: tradeBill(trade) }];
  books.wechat.offers.fundFlow = flows ? [{ text: fundFlowBill(flows) }] : [];
};
/** What the run says differs, in the report and in the table alike. */
const differences = async () => {
  const { differences: count } = await books.run();
  const { differences: listed } = books.report();
  expect(listed).toHaveLength(count);
  const recorded = await books.recorded();
  expect(recorded.map(({ kind, no }) => `${kind} ${no}`).toSorted()).toEqual(
    listed.map(({ kind, no }) => `${kind} ${no}`).toSorted(),
  );
  return listed;
};

describe('a day on which bills and books agree', () => {
  it('is reconciled without a difference, and says what the bills hold', async () => {
    const [one, two] = [await books.paidOrder(), await books.paidOrder({ amountFen: 5 })];
    const refund = await books.refund(one, 300);
    offer({ payments: [one, two], refunds: [refund] }, [incomeOf(one), incomeOf(two), expenseOf(refund)]);
    expect(await books.run()).toEqual({ date: DATE, lines: 6, differences: 0, report: `bills/${DATE}.json` });
    expect(books.report()).toEqual({
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
    });
    expect(await books.summary()).toMatchObject({ date: DATE, api: 'v3', lines: 6, differences: 0 });
    expect(books.healed).toMatchObject({ orders: [], refunds: [] });
  });

  it('with coupons of WeChat: the fund flow is less than the order, as the trade bill says', async () => {
    const paid = { ...(await books.paidOrder()), settledYuan: '17.50' };
    const refund = { ...(await books.refund(paid, 1800)), settledYuan: '17.50' };
    offer({ payments: [paid], refunds: [refund] }, [incomeOf(paid), expenseOf(refund)]);
    expect(await differences()).toEqual([]);
  });

  it('with fees and withdrawals, which are counted and not compared', async () => {
    const paid = await books.paidOrder();
    const fee: Flow = { ...incomeOf(paid), business: '扣除交易手续费', direction: '支出', yuan: '0.11' };
    const back: Flow = { ...fee, direction: '收入', yuan: '0.05' };
    const withdrawal: Flow = { business: '提现', direction: '支出', no: '', wechatNo: '', yuan: '900.00' };
    offer({ payments: [paid] }, [incomeOf(paid), fee, back, withdrawal]);
    expect(await differences()).toEqual([]);
    expect(books.report().bills.fundFlow).toMatchObject({ rows: 4, incomeFen: 1805, expenseFen: 90_011 });
  });
});

describe('what differs is named, recorded and reported', () => {
  it('a payment of an order that nobody knows', async () => {
    offer({ payments: [{ outTradeNo: 'till-4711', transactionId: '42001', yuan: '9.00' }] });
    expect(await differences()).toEqual([{ kind: 'unknown-order', no: 'till-4711', theirs: '42001' }]);
    expect(await books.recorded()).toEqual([
      { date: DATE, kind: 'unknown-order', no: 'till-4711', theirs: '42001', seenAt: '2026-11-21T02:30:00.000Z' },
    ]);
    expect(books.healed.orders).toEqual([]);
  });

  it('a payment of an order that is open here, which is looked at again', async () => {
    const { outTradeNo } = await books.order();
    offer({ payments: [{ outTradeNo, transactionId: '42002', yuan: '18.00' }] });
    const found = [{ kind: 'unpaid-here', no: outTradeNo, ours: 'NOTPAY', theirs: '42002' }];
    expect(await differences()).toEqual(found);
    expect(books.healed.orders).toEqual([outTradeNo]);
  });

  it('what could not be mended stays a difference, and the rest is compared', async () => {
    books.healed.fail = true;
    const { outTradeNo } = await books.order();
    const payments = [outTradeNo, 'unknown'].map((no) => ({ outTradeNo: no, transactionId: '42003', yuan: '18.00' }));
    offer({ payments });
    expect((await differences()).map(({ kind }) => kind).toSorted()).toEqual(['unknown-order', 'unpaid-here']);
    expect(books.lines.join('\n')).toContain('bills.not-healed');
  });

  it('another amount, another transaction, another app or merchant', async () => {
    const [amount, transaction] = [await books.paidOrder(), await books.paidOrder()];
    const [app, mch] = [await books.paidOrder(), await books.paidOrder()];
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
    const apps = books.report().differences.filter(({ kind }) => kind === 'app');
    expect(new Map(apps.map(({ no, theirs }) => [no, theirs]))).toEqual(
      new Map([
        [app.outTradeNo, 'wx9 1900000001'],
        [mch.outTradeNo, 'wx1111111111111111 19'],
      ]),
    );
  });

  it('an order that was paid here on that day of Beijing, and is not in the bill', async () => {
    const missing = await books.paidOrder({ paidAt: '2026-11-19T16:00:00.000Z' });
    await books.paidOrder({ paidAt: '2026-11-20T16:00:00.000Z' });
    offer({ payments: [await books.paidOrder()] });
    const found = [{ kind: 'missing-in-bill', no: missing.outTradeNo, ours: missing.transactionId }];
    expect(await differences()).toEqual(found);
  });

  it('a refund that nobody knows, which is handed on', async () => {
    const payment = await books.paidOrder();
    const refund = { payment, outRefundNo: 'console-1', refundId: '5030001', yuan: '3.00' };
    offer({ payments: [payment], refunds: [refund] });
    expect(await differences()).toEqual([{ kind: 'unknown-refund', no: 'console-1', theirs: '5030001' }]);
    const { outTradeNo } = payment;
    const handedOn = { outRefundNo: 'console-1', outTradeNo, amountFen: 300, refundId: '5030001' };
    expect(books.healed.refunds).toEqual([handedOn]);
  });

  it('a refund whose number is another one here', async () => {
    const [one, two] = [await books.paidOrder(), await books.paidOrder()];
    const refund = await books.refund(one, 300);
    offer({ payments: [one, two], refunds: [{ ...refund, payment: two }] });
    expect(await differences()).toEqual([
      { kind: 'unknown-refund', no: refund.outRefundNo, ours: one.outTradeNo, theirs: two.outTradeNo },
    ]);
    expect(books.healed.refunds).toEqual([]);
  });

  it('another amount of a refund, and one that was refused here', async () => {
    const [one, two] = [await books.paidOrder(), await books.paidOrder()];
    const [amount, refused] = [await books.refund(one, 300), await books.refund(two, 300, 'REFUSED')];
    offer({ payments: [one, two], refunds: [{ ...amount, yuan: '3.01' }, refused] });
    expect((await differences()).toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual([
      { kind: 'refund-amount', no: amount.outRefundNo, ours: 300, theirs: 301 },
      { kind: 'refund-status', no: refused.outRefundNo, ours: 'REFUSED', theirs: 'SUCCESS' },
    ]);
  });

  it('a refund that failed there and is closed here is none', async () => {
    const payment = await books.paidOrder();
    const [failed, closed] = [await books.refund(payment, 1, 'REQUESTED'), await books.refund(payment, 1, 'CLOSED')];
    offer({ payments: [payment], refunds: [{ ...failed, status: 'FAIL' }, closed] });
    expect(await differences()).toEqual([]);
  });

  it('money that flowed otherwise', async () => {
    const [one, two] = [await books.paidOrder(), await books.paidOrder()];
    const refund = await books.refund(one, 300);
    const flows = [
      { ...incomeOf(one), yuan: '17.99' },
      { ...incomeOf(two), wechatNo: '42005' },
      { ...expenseOf(refund), yuan: '3.01' },
      { ...incomeOf(two), no: 'stranger' },
      { ...expenseOf(refund), no: 'stranger' },
    ];
    offer({ payments: [one, two], refunds: [refund] }, flows);
    const found = (await differences()).toSorted((a, b) => `${a.kind}${a.no}`.localeCompare(`${b.kind}${b.no}`));
    expect(new Set(found.map(({ kind, no }) => `${kind} ${no}`))).toEqual(
      new Set([
        `fund-amount ${one.outTradeNo}`,
        `fund-amount ${refund.outRefundNo}`,
        'fund-unknown stranger',
        `transaction ${two.outTradeNo}`,
      ]),
    );
    expect(found.find(({ no }) => no === one.outTradeNo)).toMatchObject({ ours: 1800, theirs: 1799 });
  });
});

describe('a run', () => {
  it('that is repeated records nothing twice', async () => {
    const payment = { outTradeNo: 'till-1', transactionId: '42006', yuan: '9.00' };
    offer({ payments: [payment, payment] });
    expect(await differences()).toHaveLength(1);
    const before = await books.recorded();
    books.clock.now += 60_000;
    expect(await differences()).toHaveLength(1);
    expect(await books.recorded()).toEqual(before);
  });

  it('of the schedule does yesterday of Beijing, once; with a date it does it again', async () => {
    offer({ payments: [await books.paidOrder()] });
    const scheduled = { id: '1', source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };
    const first = await books.run(scheduled);
    expect(first).toMatchObject({ date: DATE, lines: 1, differences: 0 });
    const calls = books.wechat.calls.length;
    expect(await books.run(scheduled)).toEqual(first);
    expect(books.wechat.calls).toHaveLength(calls);
    await books.run({ date: DATE });
    expect(books.wechat.calls.length).toBeGreaterThan(calls);
    books.clock.now = Date.parse('2026-11-21T16:00:00.000Z');
    expect(await books.run(scheduled)).toMatchObject({ date: '2026-11-21' });
  });

  it.each([{ date: '20261120' }, { date: '2026-02-30' }, { date: 1 }, 'yesterday', null])(
    'with %j is refused',
    async (input) => {
      await expect(books.run(input)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
      expect(books.wechat.calls).toEqual([]);
    },
  );

  it('of a day without a bill finds every payment of the day missing', async () => {
    const { outTradeNo } = await books.paidOrder();
    expect(await differences()).toMatchObject([{ kind: 'missing-in-bill', no: outTradeNo }]);
    expect(await books.summary()).toMatchObject({ lines: 0, differences: 1 });
  });

  it.each(['trade', 'fundFlow'] as const)('before the %s bill is ready says so and compares nothing', async (kind) => {
    offer({ payments: [{ outTradeNo: 'unknown', transactionId: '1', yuan: '1.00' }] }, []);
    books.wechat.offers[kind] = [{ refuse: 'STATEMENT_CREATING' }];
    await expect(books.run({})).rejects.toMatchObject({
      code: 'WECHAT_UNAVAILABLE',
      message: expect.stringContaining('try again in half an hour') as string,
    });
    expect(await books.recorded()).toEqual([]);
    expect(await books.summary()).toBeUndefined();
    books.wechat.offers[kind] = [];
    await expect(books.run({})).resolves.toMatchObject({ date: DATE });
  });

  it('whose report cannot be kept is not done', async () => {
    offer({});
    books.deps.putReport = async () => Promise.reject(new Error('no bucket'));
    await expect(books.run({})).rejects.toThrow('no bucket');
    expect(await books.summary()).toBeUndefined();
  });
});
