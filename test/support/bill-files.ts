// Builds bills in the format of the official samples. Shares no code with lib/ or the simulator, so that an error in
// their code cannot hide itself.
// See https://pay.weixin.qq.com/doc/v3/merchant/4013071246
// See https://pay.weixin.qq.com/doc/v3/merchant/4013071249

export interface Payment {
  outTradeNo: string;
  transactionId: string;
  yuan: string;
  appId?: string;
  mchId?: string;
  state?: string;
  /** Less than `yuan` when a WeChat coupon paid part of the amount. */
  settledYuan?: string;
}

export interface BilledRefund {
  payment: Payment;
  outRefundNo: string;
  refundId: string;
  yuan: string;
  status?: string;
  settledYuan?: string;
}

export interface Flow {
  business: string;
  direction: '收入' | '支出';
  no: string;
  wechatNo: string;
  yuan: string;
}

const TRADE_HEADER =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,' +
  '应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,' +
  '手续费,费率,订单金额,申请退款金额,费率备注';
const TRADE_SUMMARY = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';
const FUND_HEADER =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号';
const FUND_SUMMARY = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额';

export const APP_ID = 'wx1111111111111111';
export const MCH_ID = '1900000001';
/** The openid of the payer in every trade bill. Logs and reports must not contain this openid. */
export const OPEN_ID = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';

/** Formats the line of a payment in a trade bill. */
function paymentLine({ outTradeNo, transactionId, yuan, settledYuan = yuan, ...rest }: Payment): string {
  const { appId = APP_ID, mchId = MCH_ID, state = 'SUCCESS' } = rest;
  const payment = [appId, mchId, '0', '', transactionId, outTradeNo, OPEN_ID, 'JSAPI', state, 'OTHERS', 'CNY'];
  const refund = ['0', '0', '0.00', '0.00', '', ''];
  const end = ['咖啡 大杯', '', '0.01000', '0.60%', yuan, '0.00', ''];
  return line(['2026-11-20 12:00:00', ...payment, settledYuan, '0.00', ...refund, ...end]);
}

/** Formats the line of a refund in a trade bill. The line repeats columns of the payment. */
function refundLine({ payment, outRefundNo, refundId, yuan, settledYuan = yuan, ...rest }: BilledRefund): string {
  const { status = 'SUCCESS' } = rest;
  const { outTradeNo, transactionId, appId = APP_ID, mchId = MCH_ID } = payment;
  const about = [appId, mchId, '0', '', transactionId, outTradeNo, OPEN_ID, 'JSAPI', 'REFUND', 'OTHERS', 'CNY'];
  const refund = [refundId, outRefundNo, settledYuan, '0.00', 'ORIGINAL', status];
  const end = ['咖啡 大杯', '', '-0.01000', '0.60%', payment.yuan, yuan, ''];
  return line(['2026-11-20 13:00:00', ...about, payment.settledYuan ?? payment.yuan, '0.00', ...refund, ...end]);
}

export function tradeBill({ payments = [], refunds = [] }: { payments?: Payment[]; refunds?: BilledRefund[] }): string {
  return file([...tradeLines([...payments.map((payment) => ({ payment })), ...refunds.map((refund) => ({ refund }))])]);
}

export function fundFlowBill(flows: Flow[]): string {
  return file([...flowLines(flows)]);
}

type Line = { payment: Payment } | { refund: BilledRefund };

/** Generates the lines of a trade bill, from its header to its summary. */
export function* tradeLines(lines: Iterable<Line>): Generator<string> {
  const sums = { count: 0, paid: 0, settled: 0, refunded: 0, settledRefunds: 0 };
  yield TRADE_HEADER;
  for (const row of lines) {
    sums.count += 1;
    if ('payment' in row) {
      const { yuan, settledYuan = yuan } = row.payment;
      sums.paid += centsOf(yuan);
      sums.settled += centsOf(settledYuan);
      yield paymentLine(row.payment);
    } else {
      const { yuan, settledYuan = yuan } = row.refund;
      sums.refunded += centsOf(yuan);
      sums.settledRefunds += centsOf(settledYuan);
      yield refundLine(row.refund);
    }
  }
  yield TRADE_SUMMARY;
  const [settled, settledRefunds] = [yuanOf(sums.settled), yuanOf(sums.settledRefunds)];
  const [paid, refunded] = [yuanOf(sums.paid), yuanOf(sums.refunded)];
  yield line([String(sums.count), settled, settledRefunds, '0.00', '0.00000', paid, refunded]);
}

/** Generates the lines of a fund-flow bill from the payments and refunds of a trade bill. */
export function fundFlowLines(lines: Iterable<Line>): Generator<string> {
  return flowLines(
    (function* flows() {
      for (const row of lines) yield 'payment' in row ? incomeOf(row.payment) : expenseOf(row.refund);
    })(),
  );
}

export function incomeOf({ outTradeNo, transactionId, yuan, settledYuan = yuan }: Payment): Flow {
  return { business: '交易', direction: '收入', no: outTradeNo, wechatNo: transactionId, yuan: settledYuan };
}

export function expenseOf({ outRefundNo, refundId, yuan, settledYuan = yuan }: BilledRefund): Flow {
  return { business: '退款', direction: '支出', no: outRefundNo, wechatNo: refundId, yuan: settledYuan };
}

function* flowLines(flows: Iterable<Flow>): Generator<string> {
  const sums = { 收入: { count: 0, cents: 0 }, 支出: { count: 0, cents: 0 } };
  yield FUND_HEADER;
  for (const { business, direction, no, wechatNo, yuan } of flows) {
    sums[direction].count += 1;
    sums[direction].cents += centsOf(yuan);
    const about = [wechatNo, `10${wechatNo}`, business, business, direction];
    yield line(['2026-11-20 12:00:01', ...about, yuan, '1.00', 'system', '', no]);
  }
  yield FUND_SUMMARY;
  const parts = [sums.收入, sums.支出].flatMap(({ count, cents }) => [String(count), yuanOf(cents)]);
  yield line([String(sums.收入.count + sums.支出.count), ...parts]);
}

function file(lines: string[]): string {
  return `\uFEFF${lines.map((text) => `${text}\r\n`).join('')}`;
}

function line(values: string[]): string {
  return values.map((value) => `\`${value}`).join(',');
}

function centsOf(yuan: string): number {
  return Math.round(Number(yuan) * 100);
}

function yuanOf(cents: number): string {
  return (cents / 100).toFixed(2);
}
