// Bills as CSV: amounts in yuan, values with backticks, summary rows.
// See https://pay.weixin.qq.com/doc/v3/merchant/4013071238
import { beijingText } from '../beijing-time.ts';
import type { BillRow, BillType } from './bill-row.ts';
import type { RefundStatus } from './ledger.ts';

type Column = [name: string, value: (row: BillRow) => string];

const billStatuses: Record<RefundStatus, string> = {
  PROCESSING: 'PROCESSING',
  SUCCESS: 'SUCCESS',
  CLOSED: 'FAIL',
  ABNORMAL: 'CHANGE',
};

const paidFen = (row: BillRow): number => (row.refund ? 0 : row.amountFen);
const refundFen = (row: BillRow): number => (row.refund ? row.amountFen : 0);

const aboutPayment = (mchId: string): Column[] => [
  ['交易时间', ({ at }) => beijingText(at)],
  ['公众账号ID', ({ appId }) => appId],
  ['商户号', () => mchId],
  ['特约商户号', () => '0'],
  ['设备号', ({ deviceId }) => deviceId],
  ['微信订单号', ({ transactionId }) => transactionId],
  ['商户订单号', ({ outTradeNo }) => outTradeNo],
  ['用户标识', ({ openId }) => openId],
  ['交易类型', ({ tradeType }) => tradeType],
  ['交易状态', ({ refund }) => (refund ? 'REFUND' : 'SUCCESS')],
  ['付款银行', () => 'OTHERS'],
  ['货币种类', () => 'CNY'],
  ['应结订单金额', (row) => yuan(paidFen(row))],
  ['代金券金额', () => yuan(0)],
];

const refundTimes: Column[] = [
  ['退款申请时间', ({ refund }) => (refund ? beijingText(refund.createdAt) : '')],
  ['退款成功时间', ({ refund }) => (refund?.successAt === undefined ? '' : beijingText(refund.successAt))],
];

const aboutRefund: Column[] = [
  ['微信退款单号', ({ refund }) => refund?.refundId ?? '0'],
  ['商户退款单号', ({ refund }) => refund?.outRefundNo ?? '0'],
  ['退款金额', (row) => yuan(refundFen(row))],
  ['充值券退款金额', () => yuan(0)],
  ['退款类型', ({ refund }) => (refund ? 'ORIGINAL' : '')],
  ['退款状态', ({ refund }) => (refund ? billStatuses[refund.status] : '')],
];

const description: Column[] = [
  ['商品名称', (row) => row.description],
  ['商户数据包', ({ attach }) => attach],
];

// The simulated merchant pays no fee, so that payments and fund flow agree.
const fee: Column[] = [
  ['手续费', () => '0.00000'],
  ['费率', () => '0.00%'],
];

const orderFen: Column = ['订单金额', (row) => yuan(paidFen(row))];
const askedFen: Column = ['申请退款金额', (row) => yuan(refundFen(row))];
const feeNote: Column = ['费率备注', () => ''];

const columnsOf = (mchId: string): Record<BillType, Column[]> => ({
  ALL: [...aboutPayment(mchId), ...aboutRefund, ...description, ...fee, orderFen, askedFen, feeNote],
  SUCCESS: [...aboutPayment(mchId), ...description, ...fee, orderFen, feeNote],
  REFUND: [...aboutPayment(mchId), ...refundTimes, ...aboutRefund, ...description, ...fee, orderFen, askedFen, feeNote],
});

const tradeSummary = [
  '总交易单数',
  '应结订单总金额',
  '退款总金额',
  '充值券退款总金额',
  '手续费总金额',
  '订单总金额',
  '申请退款总金额',
];

/**
 * Renders the trade bill; its columns depend on the type.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071246
 */
export function tradeBill(rows: BillRow[], type: BillType, mchId: string): string {
  const columns = columnsOf(mchId)[type];
  const paid = sum(rows.map(paidFen));
  const refunded = sum(rows.map(refundFen));
  return bill(
    columns.map(([name]) => name),
    rows.map((row) => columns.map(([, value]) => value(row))),
    tradeSummary,
    [String(rows.length), yuan(paid), yuan(refunded), yuan(0), '0.00000', yuan(paid), yuan(refunded)],
  );
}

const fundFlowColumns = [
  '记账时间',
  '微信支付业务单号',
  '资金流水单号',
  '业务名称',
  '业务类型',
  '收支类型',
  '收支金额(元)',
  '账户结余(元)',
  '资金变更提交申请人',
  '备注',
  '业务凭证号',
];
const fundFlowSummary = ['资金流水总笔数', '收入笔数', '收入金额', '支出笔数', '支出金额'];

/**
 * Renders the fund-flow bill of one day; `before` holds the earlier rows. A closed refund moves no money.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071249
 */
export function fundFlowBill(before: BillRow[], day: BillRow[]): string {
  let balance = sum(before.filter(movesMoney).map(signedFen));
  const moving = day.filter(movesMoney);
  const rows = moving.map((row) => {
    balance += signedFen(row);
    const { at, refund, transactionId, outTradeNo } = row;
    const what = refund ? '退款' : '交易';
    const number = refund?.refundId ?? transactionId;
    const voucher = refund?.outRefundNo ?? outTradeNo;
    const amount = yuan(row.amountFen);
    const direction = refund ? '支出' : '收入';
    return [
      beijingText(at),
      number,
      `10${number}`,
      what,
      what,
      direction,
      amount,
      yuan(balance),
      'system',
      '',
      voucher,
    ];
  });
  const income = moving.filter(({ refund }) => !refund);
  const expense = moving.filter(({ refund }) => refund);
  return bill(fundFlowColumns, rows, fundFlowSummary, [
    String(moving.length),
    String(income.length),
    yuan(sum(income.map(paidFen))),
    String(expense.length),
    yuan(sum(expense.map(refundFen))),
  ]);
}

function movesMoney({ refund }: BillRow): boolean {
  return refund?.status !== 'CLOSED';
}

function signedFen(row: BillRow): number {
  return paidFen(row) - refundFen(row);
}

function sum(amounts: number[]): number {
  return amounts.reduce((total, fen) => total + fen, 0);
}

/** `1800` fen as `18.00`. */
function yuan(fen: number): string {
  const digits = String(Math.abs(fen)).padStart(3, '0');
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Joins the lines of a bill. Column names have no backtick; each value has one. */
function bill(names: string[], rows: string[][], summaryNames: string[], summary: string[]): string {
  const values = (row: string[]): string => row.map((value) => `\`${clean(value)}`).join(',');
  const lines = [names.join(','), ...rows.map(values), summaryNames.join(','), values(summary)];
  return `\uFEFF${lines.map((line) => `${line}\r\n`).join('')}`;
}

function clean(value: string): string {
  return value.replaceAll(/[\r\n]/g, '').replaceAll(',', ' ');
}
