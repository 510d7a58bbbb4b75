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

/** The line of a revoked payment has the amounts of a refund, without a number. */
const isReturned = ({ refund, isRevoked = false }: BillRow): boolean => refund !== undefined || isRevoked;
const paidFen = (row: BillRow): number => (isReturned(row) ? 0 : row.amountFen);
const refundFen = (row: BillRow): number => (isReturned(row) ? row.amountFen : 0);
const settledPaidFen = (row: BillRow): number => (isReturned(row) ? 0 : row.settledFen);
const settledRefundFen = (row: BillRow): number => (isReturned(row) ? row.settledFen : 0);

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
  ['交易状态', ({ refund, isRevoked }) => (refund ? 'REFUND' : isRevoked ? 'REVOKED' : 'SUCCESS')],
  ['付款银行', () => 'OTHERS'],
  ['货币种类', () => 'CNY'],
];

const settledAmounts: Column[] = [
  ['应结订单金额', (row) => yuan(settledPaidFen(row))],
  ['代金券金额', (row) => yuan(paidFen(row) - settledPaidFen(row))],
];

const refundTimes: Column[] = [
  ['退款申请时间', ({ refund }) => (refund ? beijingText(refund.createdAt) : '')],
  ['退款成功时间', ({ refund }) => (refund?.successAt === undefined ? '' : beijingText(refund.successAt))],
];

const aboutRefund = (fen: (row: BillRow) => number, couponColumn: string): Column[] => [
  ['微信退款单号', ({ refund }) => refund?.refundId ?? '0'],
  ['商户退款单号', ({ refund }) => refund?.outRefundNo ?? '0'],
  ['退款金额', (row) => yuan(fen(row))],
  [couponColumn, () => yuan(0)],
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

const newRefund = aboutRefund(settledRefundFen, '充值券退款金额');

const columnsOf = (mchId: string): Record<BillType, Column[]> => {
  const payment = [...aboutPayment(mchId), ...settledAmounts];
  return {
    ALL: [...payment, ...newRefund, ...description, ...fee, orderFen, askedFen, feeNote],
    SUCCESS: [...payment, ...description, ...fee, orderFen, feeNote],
    REFUND: [...payment, ...refundTimes, ...newRefund, ...description, ...fee, orderFen, askedFen, feeNote],
  };
};

const oldSummary = ['总交易单数', '总交易额', '总退款金额', '总企业红包退款金额', '手续费总金额'];

/** Renders the trade bill of a merchant from before 免充值券: one amount of each payment and refund. */
export function oldTradeBill(rows: BillRow[], mchId: string): string {
  const total: Column = ['总金额', (row) => yuan(paidFen(row))];
  const redPacket: Column = ['企业红包金额', () => yuan(0)];
  const payment = [...aboutPayment(mchId), total, redPacket];
  const columns = [...payment, ...aboutRefund(refundFen, '企业红包退款金额'), ...description, ...fee];
  const sums = [yuan(sum(rows.map(paidFen))), yuan(sum(rows.map(refundFen))), yuan(0), '0.00000'];
  return bill(
    columns.map(([name]) => (name === '特约商户号' ? '子商户号' : name)),
    rows.map((row) => columns.map(([, value]) => value(row))),
    oldSummary,
    [String(rows.length), ...sums],
  );
}

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
  const [paid, refunded] = [sum(rows.map(paidFen)), sum(rows.map(refundFen))];
  const [settled, settledRefunds] = [sum(rows.map(settledPaidFen)), sum(rows.map(settledRefundFen))];
  return bill(
    columns.map(([name]) => name),
    rows.map((row) => columns.map(([, value]) => value(row))),
    tradeSummary,
    [String(rows.length), yuan(settled), yuan(settledRefunds), yuan(0), '0.00000', yuan(paid), yuan(refunded)],
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

/** A movement of money: of a row of the trade bill, or of a fee. */
interface Flow {
  row: BillRow;
  what: '交易' | '退款' | '扣除交易手续费' | '退还交易手续费';
  isIncome: boolean;
  fen: number;
}

/**
 * Renders the fund-flow bill of one day; `before` holds the earlier rows. A closed refund moves no money.
 * @param feeFen the fee of each payment of the day, returned with its refund
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071249
 */
export function fundFlowBill(before: BillRow[], day: BillRow[], feeFen = 0): string {
  let balance = sum(before.flatMap((row) => flowsOf(row, 0)).map(signedFen));
  const flows = day.flatMap((row) => flowsOf(row, feeFen));
  const rows = flows.map((flow) => {
    const { row, what, isIncome, fen } = flow;
    const { at, refund, transactionId, outTradeNo } = row;
    balance += signedFen(flow);
    const number = refund?.refundId ?? transactionId;
    const about = [beijingText(at), number, `10${number}`, what, what, isIncome ? '收入' : '支出'];
    return [...about, yuan(fen), yuan(balance), 'system', '', refund?.outRefundNo ?? outTradeNo];
  });
  const sums = [true, false].flatMap((direction) => {
    const side = flows.filter(({ isIncome }) => isIncome === direction);
    return [String(side.length), yuan(sum(side.map(({ fen }) => fen)))];
  });
  return bill(fundFlowColumns, rows, fundFlowSummary, [String(flows.length), ...sums]);
}

function flowsOf(row: BillRow, feeFen: number): Flow[] {
  const isIncome = row.refund === undefined;
  if (!movesMoney(row)) return [];
  const main: Flow = { row, what: isIncome ? '交易' : '退款', isIncome, fen: row.settledFen };
  if (feeFen === 0) return [main];
  return [main, { row, what: isIncome ? '扣除交易手续费' : '退还交易手续费', isIncome: !isIncome, fen: feeFen }];
}

function movesMoney({ refund, isRevoked }: BillRow): boolean {
  return refund?.status !== 'CLOSED' && !isRevoked;
}

function signedFen({ isIncome, fen }: Flow): number {
  return isIncome ? fen : -fen;
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
