// Bills of merchant numbers that several systems share, and bills of older merchants.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expenseOf, incomeOf } from '../support/bill-files.ts';
import { createReconciler, type Reconciler } from '../support/reconciler.ts';

let reconciler: Reconciler;
beforeEach(async () => void (reconciler = await createReconciler()));
afterEach(() => reconciler.close());

const offer: Reconciler['offer'] = (...bills) => reconciler.offer(...bills);
const differences = () => reconciler.differences();

describe('a merchant number that several systems share', () => {
  it('counts 31 foreign payments and their refunds in one line of the report, without a difference', async () => {
    const paid = await reconciler.paidOrder();
    const foreign = Array.from({ length: 31 }, (_, index) => ({
      // Some systems, such as other stages, generate numbers in the format of this service.
      outTradeNo: index % 2 ? `till-${index}` : index.toString(36).padStart(32, 'f'),
      transactionId: `4200${index}`,
      yuan: '1.00',
    }));
    const refunds = foreign.map((payment, index) => {
      return { payment, outRefundNo: `till-refund-${index}`, refundId: `5030${index}`, yuan: '0.40' };
    });
    const revoked = { outTradeNo: 'till-revoked', transactionId: '42009', yuan: '1.00', state: 'REVOKED' };
    const flows = [paid, ...foreign].map(incomeOf);
    offer({ payments: [paid, ...foreign, revoked], refunds }, [...flows, ...refunds.map(expenseOf)]);
    expect(await differences()).toEqual([]);
    expect(reconciler.report().foreign).toEqual({
      payments: 31,
      paidFen: 3_100,
      refunds: 31,
      refundedFen: 1_240,
      revoked: 1,
    });
    expect(reconciler.repairs).toMatchObject({ orders: [], refunds: [] });
  });

  it('reads the account of a line only if its number has the format of this service, and its order once', async () => {
    const own = await reconciler.paidOrder();
    const lost = { outTradeNo: await reconciler.lostOrderNo('1'), transactionId: '42002', yuan: '1.00' };
    const till = { outTradeNo: 'till-1', transactionId: '42001', yuan: '1.00' };
    const refund = { payment: till, outRefundNo: 'till-refund-1', refundId: '50301', yuan: '0.40' };
    offer({ payments: [own, lost, till], refunds: [refund] }, [own, lost, till].map(incomeOf));
    const read: string[] = [];
    reconciler.deps.table.client.middlewareStack.add(
      (next) => async (args) => {
        const { RequestItems = {} } = args.input as {
          RequestItems?: Record<string, { Keys: { sk: string; pk: string }[]; ConsistentRead: boolean }>;
        };
        for (const { Keys, ConsistentRead } of Object.values(RequestItems)) {
          // A strong read follows for missing items only.
          if (!ConsistentRead) read.push(...Keys.map(({ pk, sk }) => `${pk} ${sk}`));
        }
        return next(args);
      },
      { step: 'initialize', name: 'recordReads' },
    );
    expect(await differences()).toMatchObject([{ kind: 'unknown-order', no: lost.outTradeNo }]);
    const times = (part: string) => read.filter((key) => key.endsWith(part)).length;
    // Once for each bill.
    for (const { outTradeNo } of [own, lost, till]) expect(times(`ORDER#${outTradeNo}`)).toBe(2);
    expect(read.filter((key) => key.startsWith('ACCOUNT#'))).toHaveLength(1);
  });

  it('counts a revoked payment apart from the payment', async () => {
    const payment = { outTradeNo: 'till-1', transactionId: '42001', yuan: '1.00' };
    const revoked = { ...payment, yuan: '0.00', state: 'REVOKED' };
    offer({ payments: [payment, revoked] }, [incomeOf(payment)]);
    expect(await differences()).toEqual([]);
    expect(reconciler.report().foreign).toMatchObject({ payments: 1, paidFen: 100, refunds: 0, revoked: 1 });
    expect(reconciler.report().bills.trade).toMatchObject({ rows: 2, payments: 1, paidFen: 100 });
  });

  it('counts items that only the fund-flow bill has, such as refunds from the available balance', async () => {
    const flow = { business: '退款', direction: '支出', no: 'till-refund', wechatNo: '50301', yuan: '2.00' } as const;
    offer({}, [flow, { ...flow, business: '交易', direction: '收入', no: 'till-1' }]);
    expect(await differences()).toEqual([]);
    expect(reconciler.report().foreign).toMatchObject({ payments: 1, paidFen: 200, refunds: 1, refundedFen: 200 });
  });

  it('accepts a smaller amount of a refund that the trade bill of the day lacks, and no larger amount', async () => {
    const payment = await reconciler.paidOrder();
    const refund = await reconciler.refund(payment, 300);
    offer({ payments: [payment] }, [{ ...expenseOf(refund), yuan: '1.50' }]);
    expect(await differences()).toEqual([]);
    offer({ payments: [payment] }, [{ ...expenseOf(refund), yuan: '3.01' }]);
    expect(await differences()).toMatchObject([{ kind: 'fund-amount', ours: 300, theirs: 301 }]);
  });

  it('reports a refund of an order of the ledger that was made in the merchant platform', async () => {
    const payment = await reconciler.paidOrder();
    const refund = { payment, outRefundNo: 'console-1', refundId: '5030001', yuan: '3.00' };
    offer({ payments: [payment], refunds: [refund] });
    expect(await differences()).toMatchObject([{ kind: 'unknown-refund', no: 'console-1' }]);
  });

  it('counts a foreign refund whose number is that of a declined refund of the ledger', async () => {
    const payment = await reconciler.paidOrder();
    const declined = await reconciler.refund(payment, 300, 'REFUSED');
    const other = { outTradeNo: 'till-1', transactionId: '42001', yuan: '9.00' };
    offer({ payments: [payment, other], refunds: [{ ...declined, payment: other, yuan: '9.00' }] });
    expect(await differences()).toEqual([]);
    expect(reconciler.report().foreign).toMatchObject({ payments: 1, refunds: 1, refundedFen: 900 });
  });
});

describe('the bill of an older merchant', () => {
  // The columns and the summary of a bill of 2015, as merchants published it. Only the numbers are those of this test.
  const header =
    '交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,总金额,' +
    '企业红包金额,微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率';
  const summary = '总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额';
  const billOf = (outTradeNo: string, transactionId: string, total: string) =>
    [
      header,
      `\`2026-11-20 21:25:32,\`wx1111111111111111,\`1900000001,\`0,\`,\`${transactionId},\`${outTradeNo},\`,\`JSAPI,` +
        '`SUCCESS,`CFT,`CNY,`18.00,`0.00,`0,`0,`0,`0,`,`,`咖啡,`,`0.36000,`2.00%',
      summary,
      `\`1,\`${total},\`0.00,\`0.00,\`0.36000`,
      '',
    ].join('\n');

  it('is compared by its one amount', async () => {
    const { outTradeNo, transactionId } = await reconciler.paidOrder();
    reconciler.wechat.offers.trade = [{ text: billOf(outTradeNo, transactionId, '18.00') }];
    expect(await differences()).toEqual([]);
    expect(reconciler.report().bills.trade).toMatchObject({ payments: 1, paidFen: 1800, settledFen: 1800 });
  });

  it('is rejected when its lines differ from its summary', async () => {
    const { outTradeNo, transactionId } = await reconciler.paidOrder();
    reconciler.wechat.offers.trade = [{ text: billOf(outTradeNo, transactionId, '18.01') }];
    await expect(reconciler.run()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
  });
});
