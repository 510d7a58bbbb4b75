import { fenOf } from './fen.ts';
import { readSheet } from './sheet.ts';
import { assertSummary } from './summary.ts';

/** A line of the fund-flow bill: one movement of money. Amounts are fen. */
export interface FundFlowRow {
  /** WeChat's number of the transaction or the refund. */
  wechatNo: string;
  /** The kind of movement: 交易 (a payment), 退款 (a refund), fees, withdrawals and others. */
  business: string;
  direction: 'income' | 'expense';
  amountFen: number;
  /** Our number of the order or the refund. */
  no: string;
}

/** The totals of a fund-flow bill. Amounts are fen. */
export interface FundFlowTotals {
  rows: number;
  incomes: number;
  incomeFen: number;
  expenses: number;
  expenseFen: number;
}

/** The totals of a day without movements. */
export const EMPTY_FUND_FLOW_BILL: FundFlowTotals = { rows: 0, incomes: 0, incomeFen: 0, expenses: 0, expenseFen: 0 };

const FORMAT = {
  columns: ['微信支付业务单号', '业务类型', '收支类型', '收支金额(元)', '业务凭证号'],
  summary: ['资金流水总笔数', '收入笔数', '收入金额', '支出笔数', '支出金额'],
} as const;

/**
 * Reads the lines of a fund-flow bill.
 * @returns the totals, as the return value of the generator
 * @throws WECHAT_UNAVAILABLE when the bill is incomplete, differs from its summary or has another format
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071249
 */
export async function* readFundFlowBill(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<FundFlowRow, FundFlowTotals> {
  const totals = { ...EMPTY_FUND_FLOW_BILL };
  const check = (summary: Record<string, string>) =>
    assertSummary(summary, {
      counts: { 资金流水总笔数: totals.rows, 收入笔数: totals.incomes, 支出笔数: totals.expenses },
      fen: { 收入金额: [totals.incomeFen], 支出金额: [totals.expenseFen] },
    });
  for await (const cells of readSheet(chunks, FORMAT, check)) {
    const direction = cells.收支类型 === '收入' ? 'income' : 'expense';
    const amountFen = fenOf(cells['收支金额(元)'], '收支金额(元)');
    totals.rows += 1;
    totals[direction === 'income' ? 'incomes' : 'expenses'] += 1;
    totals[`${direction}Fen`] += amountFen;
    yield { wechatNo: cells.微信支付业务单号, business: cells.业务类型, direction, amountFen, no: cells.业务凭证号 };
  }
  return totals;
}
