// The merchant platform: manual refunds, the list of orders, discrepancies of bills, and the complaint console.
import { beijingIso } from '../beijing-time.ts';
import { readChoice, readInteger, readOptionalText, readText } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';
import { ControlError, controlParamError } from '../control-error.ts';
import { isRecord } from '../http.ts';
import { digits } from '../random.ts';
import { readDay } from './bill-files.ts';
import type { BillDiscrepancies } from './bills.ts';
import { actOnComplaint, complaintConsoleCalls, listComplaints } from './complaint-console.ts';
import { PayError } from './error.ts';
import { FINAL_STATUSES } from './ledger.ts';
import type { PayOrder, Refund } from './ledger.ts';
import type { PayOrders } from './orders.ts';
import { refundSum, refundStatusOf } from './refunds.ts';
import { describeMoney, describeShipping } from '../shipping/describe-trade.ts';
import type { TradeManagement } from '../shipping/trade.ts';
import type { PayWorld } from './world.ts';

/** The calls of the merchant platform, for `GET /`. */
export const merchantPlatformCalls = {
  'GET /_merchant/orders': 'the orders of both protocols with their refunds, shipping, and frozen and settled money',
  'POST /_merchant/refunds': '{outTradeNo, amountFen, reason?}: refunds by hand',
  'POST /_merchant/refunds/{outRefundNo}':
    '{status: "SUCCESS" | "CLOSED" | "ABNORMAL"}: ends an open or abnormal refund',
  'POST /_merchant/bills':
    '{date?, drop?: [outTradeNo], amounts?: {outTradeNo: fen}, add?: [{outTradeNo, transactionId, amountFen}]}: ' +
    'distorts the bills made from now on, of each day without a date; {} ends it',
  ...complaintConsoleCalls,
};

interface MerchantPlatformResult {
  status: number;
  value?: object;
}

/** Handles one call; returns undefined for an unknown route. */
export async function handleMerchantPlatformCall(
  { pay: world, trade }: { pay: PayWorld; trade: TradeManagement },
  route: string,
  input: unknown,
): Promise<MerchantPlatformResult | undefined> {
  const body = isRecord(input) ? input : {};
  const [, outRefundNo] = /^POST \/_merchant\/refunds\/([^/]+)$/.exec(route) ?? [];
  const [, complaintId] = /^POST \/_merchant\/complaints\/(\d+)$/.exec(route) ?? [];
  try {
    if (route === 'GET /_merchant/orders') {
      return { status: 200, value: world.orders.all().map((order) => describeOrder(world.orders, order, trade)) };
    }
    if (route === 'POST /_merchant/refunds') return { status: 201, value: refund(world, body) };
    if (outRefundNo !== undefined) return { status: 200, value: await settle(world, decode(outRefundNo), body) };
    if (route === 'GET /_merchant/complaints') return { status: 200, value: listComplaints(world) };
    if (complaintId !== undefined) return { status: 200, value: await actOnComplaint(world, complaintId, body) };
    if (route !== 'POST /_merchant/bills') return undefined;
    world.bills.setDiscrepancies(...readDiscrepancies(body));
    return { status: 204 };
  } catch (error) {
    // The merchant platform reports the same errors as the API.
    if (error instanceof PayError) throw new ControlError(error.status, error.code, error.message);
    throw error;
  }
}

/** Creates a refund under a number of the merchant platform, which the merchant's own system did not issue. */
function refund({ orders, refunds }: PayWorld, body: ControlBody): object {
  const order = orders.find(readText(body, 'outTradeNo'));
  const refundFen = readInteger(body, 'amountFen', 0);
  if (refundFen < 1) throw controlParamError('amountFen must be 1 or more');
  const reason = readOptionalText(body, 'reason');
  const { refundId, terms } = refunds.create(order, {
    outRefundNo: `console${digits(18)}`,
    refundFen,
    totalFen: order.terms.totalFen,
    ...(reason !== undefined && { reason }),
    source: 'VENDOR_PLATFORM',
    sent: body,
  });
  return { outRefundNo: terms.outRefundNo, refundId };
}

async function settle({ refunds }: PayWorld, outRefundNo: string, body: ControlBody): Promise<object> {
  const status = readChoice(body, 'status', FINAL_STATUSES);
  if (!status) throw controlParamError('status is missing');
  const known = refunds.find(outRefundNo);
  const now = refundStatusOf(known);
  if (now === 'SUCCESS' || now === 'CLOSED') {
    throw new ControlError(409, 'REFUND_SETTLED', `the refund is ${now} already`);
  }
  const notify = await refunds.settle(known, status);
  return { outRefundNo, refundId: known.refundId, status, notify };
}

function describeOrder(orders: PayOrders, order: PayOrder, trade: TradeManagement): object {
  const { terms, payment, createdAt, refunds } = order;
  return {
    outTradeNo: terms.outTradeNo,
    api: terms.v2 ? 'v2' : 'v3',
    tradeType: terms.tradeType,
    description: terms.description,
    amountFen: terms.totalFen,
    refundedFen: refundSum(order),
    ...describeMoney(order, trade.of(order)),
    state: stateText(orders, order),
    createdAt: beijingIso(createdAt),
    ...(payment && { transactionId: payment.transactionId, paidAt: beijingIso(payment.paidAt) }),
    shipping: describeShipping(trade.of(order)),
    refunds: refunds.map(describeRefund),
  };
}

/** The state of an order in plain words. */
function stateText(orders: PayOrders, order: PayOrder): string {
  const state = orders.stateOf(order);
  if (state === 'NOTPAY') return 'unpaid';
  if (state === 'CLOSED') return 'closed';
  const held = refundSum(order);
  if (held === 0) return 'paid';
  const open = order.refunds.some((one) => refundStatusOf(one) === 'PROCESSING' || refundStatusOf(one) === 'ABNORMAL');
  if (open) return 'refunding';
  return held === order.terms.totalFen ? 'refunded' : 'partly refunded';
}

function describeRefund(one: Refund): object {
  const { terms, refundId, createdAt } = one;
  return {
    outRefundNo: terms.outRefundNo,
    refundId,
    amountFen: terms.refundFen,
    status: refundStatusOf(one),
    ...(terms.reason !== undefined && { reason: terms.reason }),
    byHand: terms.source === 'VENDOR_PLATFORM',
    createdAt: beijingIso(createdAt),
  };
}

function readDiscrepancies(body: ControlBody): [day: number | undefined, BillDiscrepancies] {
  const date = readOptionalText(body, 'date');
  const day = date === undefined ? undefined : readDay(date);
  if (date !== undefined && day === undefined) throw controlParamError('date must be like 2025-08-01');
  const { drop = [], amounts = {}, add = [] } = body;
  if (!Array.isArray(drop) || !drop.every((one) => typeof one === 'string')) {
    throw controlParamError('drop must be a list of order numbers');
  }
  if (!isRecord(amounts) || !Object.values(amounts).every((fen) => Number.isSafeInteger(fen))) {
    throw controlParamError('amounts must be fen by order number');
  }
  if (!Array.isArray(add)) throw controlParamError('add must be a list');
  const made = add.map((one: unknown) => {
    const row = isRecord(one) ? one : {};
    return {
      outTradeNo: readText(row, 'outTradeNo'),
      transactionId: readText(row, 'transactionId'),
      amountFen: readInteger(row, 'amountFen', 0),
    };
  });
  return [day, { drop, amounts: amounts as Record<string, number>, add: made }];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw controlParamError('the path is not well encoded');
  }
}
