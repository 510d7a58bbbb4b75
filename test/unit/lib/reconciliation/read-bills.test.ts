import { describe, expect, it } from 'vitest';
import { readFundFlowBill } from '../../../../lib/reconciliation/fund-flow-bill.ts';
import { readTradeBill } from '../../../../lib/reconciliation/trade-bill.ts';
import { expenseOf, fundFlowBill, incomeOf, tradeBill } from '../../../support/bill-files.ts';

const payment = { outTradeNo: 'order-1', transactionId: '4200', yuan: '18.00', settledYuan: '17.50' };
const revoked = { outTradeNo: 'order-2', transactionId: '4201', yuan: '1.00', state: 'REVOKED' };
const refund = { payment, outRefundNo: 'refund-1', refundId: '5030', yuan: '3.00', settledYuan: '2.90' };

async function read<Row, Totals>(rows: AsyncGenerator<Row, Totals>) {
  const all: Row[] = [];
  for (;;) {
    const { done, value } = await rows.next();
    if (done) return { rows: all, totals: value };
    all.push(value);
  }
}
async function* bytesOf(text: string) {
  yield Buffer.from(text);
}
const readTrade = (text: string) => read(readTradeBill(bytesOf(text)));
const readFundFlow = (text: string) => read(readFundFlowBill(bytesOf(text)));

describe('readTradeBill', () => {
  const text = tradeBill({ payments: [payment, revoked], refunds: [refund] });
  const summary = text.trimEnd().split('\r\n').at(-1)!;

  it('converts amounts to fen and adds them up, counting a payment once that its refund repeats', async () => {
    const { rows, totals } = await readTrade(text);
    expect(rows).toMatchObject([
      { state: 'SUCCESS', outTradeNo: 'order-1', transactionId: '4200', amountFen: 1800, settledFen: 1750 },
      { state: 'REVOKED', amountFen: 100 },
      {
        state: 'REFUND',
        outTradeNo: 'order-1',
        outRefundNo: 'refund-1',
        refundId: '5030',
        refundFen: 300,
        settledRefundFen: 290,
        refundStatus: 'SUCCESS',
      },
    ]);
    expect(totals).toEqual({
      rows: 3,
      payments: 1,
      refunds: 1,
      paidFen: 1800,
      settledFen: 1750,
      refundedFen: 300,
      settledRefundFen: 290,
    });
  });

  it('accepts a summary that counts repeated payments, and refund lines that repeat none', async () => {
    const counted = summary.replace('`19.00,', '`37.00,').replace('`18.50,', '`36.00,');
    expect((await readTrade(text.replace(summary, counted))).totals.paidFen).toBe(1800);
    const lines = text.split('\r\n');
    const line = lines.findIndex((candidate) => candidate.includes('`REFUND,'));
    lines[line] = lines[line]!.replace('`17.50,', '`0.00,').replace('`18.00,', '`,');
    expect((await readTrade(lines.join('\r\n'))).totals.paidFen).toBe(1800);
  });

  it.each([
    ['as a payment, and are in no sum', (line: string) => line, ['17.50', '2.90', '18.00', '3.00']],
    [
      'as a refund without a number, and are in the sums',
      (line: string) =>
        line
          .replace(',`1.00,`0.00,`0,`0,`0.00,', ',`0.00,`0.00,`0,`0,`1.00,')
          .replace(',`1.00,`0.00,`\r\n', ',`0.00,`1.00,`\r\n'),
      ['17.50', '3.90', '18.00', '4.00'],
    ],
  ])('accepts revoked payments that are listed %s', async (_, listed, [settled, settledRefunds, paid, refunded]) => {
    const line = text.split(/(?<=\r\n)/).find((candidate) => candidate.includes('`REVOKED,'))!;
    const sums = `\`3,\`${settled},\`${settledRefunds},\`0.00,\`0.00000,\`${paid},\`${refunded}`;
    const { totals } = await readTrade(text.replace(line, listed(line)).replace(summary, sums));
    expect(totals).toMatchObject({ rows: 3, payments: 1, refunds: 1, paidFen: 1800, refundedFen: 300 });
  });

  it.each([
    ['总交易单数', '`3,', '`4,'],
    ['应结订单总金额', ',`18.50,', ',`18.51,'],
    ['退款总金额', ',`2.90,', ',`2.91,'],
    ['订单总金额', ',`19.00,', ',`19.01,'],
    ['申请退款总金额', ',`3.00', ',`3.01'],
  ])('rejects a bill whose summary has another %s', async (column, was, is) => {
    const other = summary.replace(was, is);
    expect(other).not.toBe(summary);
    await expect(readTrade(text.replace(summary, other))).rejects.toMatchObject({
      code: 'WECHAT_UNAVAILABLE',
      message: expect.stringContaining(`The bill's summary has ${column}`) as string,
    });
  });

  it('rejects a bill that is cut at any position', async () => {
    const lastValue = text.lastIndexOf('`') + 1;
    for (let at = 0; at <= lastValue; at += 1) {
      await expect(readTrade(text.slice(0, at)), `cut at ${at}`).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    }
  });

  it.each([
    // The sample of WeChat's first documentation, and a bill of a merchant in 2018. Both are in the tests of peer packages.
    [
      'without backticks',
      '代金券或立减优惠金额',
      '代金券或立减优惠退款金额',
      [
        '2014-11-10 16:33:45,wx1,1900000001,0,1000,4200,order-1,,MICROPAY,SUCCESS,OTHERS,CNY,0.01,0.0,0,0,0,0,,,a,b,0,0.60%',
      ],
      '1,0.01,0.0,0.0,0',
      { payments: 1, refunds: 0, paidFen: 1, settledFen: 1, refundedFen: 0 },
    ],
    [
      'with a refund that repeats no payment',
      '企业红包金额',
      '企业红包退款金额',
      [
        '`2018-08-20 18:13:12,`wx1,`1900000001,`0,`,`4200,`order-1,`,`NATIVE,`SUCCESS,`CFT,`CNY,`0.05,`0.00,' +
          '`0,`0,`0.00,`0.00,`,`,`a,`,`0.00000,`1.00%',
        '`2018-08-21 18:13:12,`wx1,`1900000001,`0,`,`4200,`order-1,`,`NATIVE,`REFUND,`CFT,`CNY,`0.00,`0.00,' +
          '`5030,`refund-1,`0.03,`0.00,`ORIGINAL,`SUCCESS,`a,`,`0.00000,`1.00%',
      ],
      '`2,`0.05,`0.03,`0.00,`0.00000',
      { payments: 1, refunds: 1, paidFen: 5, settledFen: 5, refundedFen: 3, settledRefundFen: 3 },
    ],
  ])('reads the bill of an older merchant %s', async (_, coupon, couponRefund, rows, sums, totals) => {
    const older = [
      '交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,总金额,' +
        `${coupon},微信退款单号,商户退款单号,退款金额,${couponRefund},退款类型,退款状态,商品名称,商户数据包,手续费,费率`,
      ...rows,
      `总交易单数,总交易额,总退款金额,总${couponRefund},手续费总金额`,
      sums,
    ];
    expect((await readTrade(older.join('\n'))).totals).toMatchObject(totals);
    const other = sums.replace(/(?<=^`?\d,`?)0\.0\d/, '0.09');
    await expect(readTrade([...older.slice(0, -1), other].join('\n'))).rejects.toThrow('订单总金额');
  });

  it('accepts the bill of a day without transactions', async () => {
    expect(await readTrade(tradeBill({}))).toMatchObject({ rows: [], totals: { rows: 0, paidFen: 0 } });
  });
});

describe('readFundFlowBill', () => {
  const text = fundFlowBill([incomeOf(payment), expenseOf(refund)]);

  it('converts amounts to fen and adds them up', async () => {
    expect(await readFundFlow(text)).toEqual({
      rows: [
        { wechatNo: '4200', business: '交易', direction: 'income', amountFen: 1750, no: 'order-1' },
        { wechatNo: '5030', business: '退款', direction: 'expense', amountFen: 290, no: 'refund-1' },
      ],
      totals: { rows: 2, incomes: 1, incomeFen: 1750, expenses: 1, expenseFen: 290 },
    });
  });

  it.each([
    ['资金流水总笔数', '`2,`1,`17.50,', '`3,`1,`17.50,'],
    ['收入笔数', '`2,`1,`17.50,', '`2,`2,`17.50,'],
    ['收入金额', '`2,`1,`17.50,', '`2,`1,`17.51,'],
    ['支出笔数', ',`1,`2.90\r\n', ',`2,`2.90\r\n'],
    ['支出金额', ',`1,`2.90\r\n', ',`1,`2.91\r\n'],
  ])('rejects a bill whose summary has another %s', async (column, was, is) => {
    expect(text).toContain(was);
    await expect(readFundFlow(text.replace(was, is))).rejects.toThrow(`The bill's summary has ${column}`);
  });
});
