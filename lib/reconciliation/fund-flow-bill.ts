import { fenOf } from './fen.ts';
import { readSheet } from './sheet.ts';
import { assertSums } from './summary.ts';

/** What a line of the fund-flow bill says of a movement of money. Amounts are fen. */
export interface FundFlowRow {
  /** The transaction or the refund, by WeChat's number. */
  wechatNo: string;
  /** What it is for: 交易 (a payment), 退款 (a refund), fees, withdrawals and others. */
  business: string;
  direction: 'income' | 'expense';
  amountFen: number;
  /** The order or the refund, by our number. */
  no: string;
}

/** What a fund-flow bill holds. Amounts are fen. */
export interface FundFlowTotals {
  rows: number;
  incomes: number;
  incomeFen: number;
  expenses: number;
  expenseFen: number;
}

/** Of a day on which no money moved. */
export const EMPTY_FUND_FLOW_BILL: FundFlowTotals = { rows: 0, incomes: 0, incomeFen: 0, expenses: 0, expenseFen: 0 };

const FORM = {
  columns: ['微信支付业务单号', '业务类型', '收支类型', '收支金额(元)', '业务凭证号'],
  summary: ['资金流水总笔数', '收入笔数', '收入金额', '支出笔数', '支出金额'],
} as const;

/**
 * The lines of a fund-flow bill (pay 2.9); the generator returns what they come to.
 * @throws WECHAT_UNAVAILABLE for a bill that is incomplete, by its own summary too, or has another form
 */
export async function* readFundFlowBill(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<FundFlowRow, FundFlowTotals> {
  const totals = { ...EMPTY_FUND_FLOW_BILL };
  const check = (summary: Record<string, string>) =>
    assertSums(summary, {
      counts: { 资金流水总笔数: totals.rows, 收入笔数: totals.incomes, 支出笔数: totals.expenses },
      fen: { 收入金额: [totals.incomeFen], 支出金额: [totals.expenseFen] },
    });
  for await (const cells of readSheet(chunks, FORM, check)) {
    const direction = cells.收支类型 === '收入' ? 'income' : 'expense';
    const amountFen = fenOf(cells['收支金额(元)'], '收支金额(元)');
    totals.rows += 1;
    totals[direction === 'income' ? 'incomes' : 'expenses'] += 1;
    totals[`${direction}Fen`] += amountFen;
    yield { wechatNo: cells.微信支付业务单号, business: cells.业务类型, direction, amountFen, no: cells.业务凭证号 };
  }
  return totals;
}
