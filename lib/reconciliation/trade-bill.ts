import { fenOf } from './fen.ts';
import { readSheet } from './sheet.ts';
import { assertSummary, type ExpectedSummary } from './summary.ts';

/** A line of the trade bill: one payment or refund. Amounts are fen. */
export interface TradeRow {
  /** SUCCESS or REVOKED for a payment, REFUND for a refund. A REFUND line repeats columns of its payment. */
  state: string;
  appId: string;
  mchId: string;
  transactionId: string;
  outTradeNo: string;
  amountFen: number;
  /** The settled part of the amount: `amountFen` minus coupons that the merchant did not prepay (免充值券). */
  settledFen: number;
  refundId: string;
  outRefundNo: string;
  refundFen: number;
  settledRefundFen: number;
  /** SUCCESS, PROCESSING, FAIL or CHANGE, at the time when the bill was made. */
  refundStatus: string;
}

/** Sums of a trade bill (fen). */
interface TradeSums {
  paidFen: number;
  settledFen: number;
  refundedFen: number;
  settledRefundFen: number;
}

/** The totals of a trade bill. Revoked payments are counted in `rows` only. */
export interface TradeTotals extends TradeSums {
  rows: number;
  payments: number;
  refunds: number;
}

const NO_SUMS: TradeSums = { paidFen: 0, settledFen: 0, refundedFen: 0, settledRefundFen: 0 };

/** The totals of a day without transactions. */
export const EMPTY_TRADE_BILL: TradeTotals = { rows: 0, payments: 0, refunds: 0, ...NO_SUMS };

const FORMAT = {
  columns: [
    '公众账号ID',
    '商户号',
    '微信订单号',
    '商户订单号',
    '交易状态',
    '应结订单金额',
    '微信退款单号',
    '商户退款单号',
    '退款金额',
    '退款状态',
    '订单金额',
    '申请退款金额',
  ],
  summary: ['总交易单数', '应结订单总金额', '退款总金额', '订单总金额', '申请退款总金额'],
  // Merchants from before 免充值券 get one amount of a payment and one of a refund, and settle these amounts.
  older: {
    应结订单金额: '总金额',
    订单金额: '总金额',
    申请退款金额: '退款金额',
    应结订单总金额: '总交易额',
    订单总金额: '总交易额',
    退款总金额: '总退款金额',
    申请退款总金额: '总退款金额',
  },
} as const;

/** Returns whether a line is about a payment. */
export function isPayment({ state }: Pick<TradeRow, 'state'>): boolean {
  return state === 'SUCCESS' || state === 'REVOKED';
}

/** Returns whether a line is about a refund. */
export function isRefund({ state }: Pick<TradeRow, 'state'>): boolean {
  return state === 'REFUND';
}

/**
 * Reads the lines of a trade bill.
 * @returns the totals, as the return value of the generator
 * @throws WECHAT_UNAVAILABLE when the bill is incomplete, differs from its summary or has another format
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071246
 */
export async function* readTradeBill(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TradeRow, TradeTotals> {
  const totals = { ...EMPTY_TRADE_BILL };
  // WeChat Pay does not document whether the summary includes the payment columns of refund lines, and the lines of
  // revoked payments. Every combination is accepted.
  const [repeated, revoked] = [{ ...NO_SUMS }, { ...NO_SUMS }];
  const check = (summary: Record<string, string>) => assertSummary(summary, expectedSummary(totals, repeated, revoked));
  for await (const cells of readSheet(chunks, FORMAT, check)) {
    const row = tradeRow(cells);
    const isRevoked = row.state === 'REVOKED';
    totals.rows += 1;
    if (row.state === 'SUCCESS') totals.payments += 1;
    if (isRefund(row)) totals.refunds += 1;
    const paid = row.state === 'SUCCESS' ? totals : isRevoked ? revoked : repeated;
    paid.paidFen += row.amountFen;
    paid.settledFen += row.settledFen;
    const refunded = isRevoked ? revoked : totals;
    refunded.refundedFen += row.refundFen;
    refunded.settledRefundFen += row.settledRefundFen;
    yield row;
  }
  return totals;
}

function tradeRow(cells: Record<(typeof FORMAT.columns)[number], string>): TradeRow {
  return {
    state: cells.交易状态,
    appId: cells.公众账号ID,
    mchId: cells.商户号,
    transactionId: cells.微信订单号,
    outTradeNo: cells.商户订单号,
    amountFen: fenOf(cells.订单金额, '订单金额'),
    settledFen: fenOf(cells.应结订单金额, '应结订单金额'),
    refundId: cells.微信退款单号,
    outRefundNo: cells.商户退款单号,
    refundFen: fenOf(cells.申请退款金额, '申请退款金额'),
    settledRefundFen: fenOf(cells.退款金额, '退款金额'),
    refundStatus: cells.退款状态,
  };
}

function expectedSummary(totals: TradeTotals, repeated: TradeSums, revoked: TradeSums): ExpectedSummary {
  const sums = (name: keyof TradeSums) => sumsOf(totals[name], [repeated[name], revoked[name]]);
  return {
    counts: { 总交易单数: totals.rows },
    fen: {
      订单总金额: sums('paidFen'),
      应结订单总金额: sums('settledFen'),
      申请退款总金额: sums('refundedFen'),
      退款总金额: sums('settledRefundFen'),
    },
  };
}

/** Returns the sums of an amount with any of the optional amounts. */
function sumsOf(fen: number, optional: number[]): number[] {
  return optional
    .filter((more) => more !== 0)
    .reduce((sums, more) => [...sums, ...sums.map((sum) => sum + more)], [fen]);
}
