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
      payments: 2,
      refunds: 1,
      paidFen: 1900,
      settledFen: 1850,
      refundedFen: 300,
      settledRefundFen: 290,
    });
  });

  it('accepts a summary that counts repeated payments, and refund lines that repeat none', async () => {
    const counted = summary.replace('`19.00,', '`37.00,').replace('`18.50,', '`36.00,');
    expect((await readTrade(text.replace(summary, counted))).totals.paidFen).toBe(1900);
    const lines = text.split('\r\n');
    const line = lines.findIndex((candidate) => candidate.includes('`REFUND,'));
    lines[line] = lines[line]!.replace('`17.50,', '`0.00,').replace('`18.00,', '`,');
    expect((await readTrade(lines.join('\r\n'))).totals.paidFen).toBe(1900);
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
