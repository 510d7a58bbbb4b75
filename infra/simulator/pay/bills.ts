import { beijingDay, startOfBeijingDay } from '../beijing-time.ts';
import type { Clock } from '../clock.ts';
import type { BillRow, BillType } from './bill-row.ts';
import { PayError } from './error.ts';
import { settledFen } from './ledger.ts';
import type { PayOrder, Refund } from './ledger.ts';
import type { PayOrders } from './orders.ts';
import { refundStatusOf } from './refunds.ts';

/** Deliberate differences between the bills and the ledger. */
export interface BillDiscrepancies {
  /** Numbers of the orders that are left out, with their refunds. */
  drop: string[];
  /** Changed amounts of payments, by order number. */
  amounts: Record<string, number>;
  /** Payments that are not in the ledger. */
  add: { outTradeNo: string; transactionId: string; amountFen: number }[];
}

const hourMs = 3_600_000;
const generatedAtMs = 9 * hourMs;
const longestDays = 90;

/**
 * The bills of past Beijing days, on the virtual clock.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071227
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071235
 */
export class Bills {
  readonly #clock: Clock;
  readonly #orders: PayOrders;
  readonly #appId: string;
  /** By day; the key undefined applies to every day without an entry. */
  readonly #discrepancies = new Map<number | undefined, BillDiscrepancies>();

  /** @param appId the app of the payments that are not in the ledger */
  constructor(clock: Clock, orders: PayOrders, appId: string) {
    this.#clock = clock;
    this.#orders = orders;
    this.#appId = appId;
  }

  /** Sets the discrepancies of the bills made from now on, for one day or, without a day, for all. */
  setDiscrepancies(day: number | undefined, discrepancies: BillDiscrepancies): void {
    this.#discrepancies.set(day, discrepancies);
  }

  /** Returns all rows up to the end of a day, oldest first. @throws PayError when the day has no bill (yet) */
  rowsUntil(day: number): BillRow[] {
    const now = this.#clock.now();
    const today = beijingDay(now);
    if (day >= today || day < today - longestDays) throw new PayError(400, 'INVALID_REQUEST', '账单日期超出范围');
    const generatedAt = startOfBeijingDay(day + 1) + generatedAtMs;
    if (now < generatedAt) throw new PayError(400, 'STATEMENT_CREATING', '账单文件生成中，请在上午10点以后再试');
    const rows = this.#orders.all().flatMap((order) => rowsOf(order));
    return this.#withDiscrepancies(rows, day)
      .filter(({ at }) => beijingDay(at) <= day)
      .toSorted((one, other) => one.at - other.at);
  }

  #withDiscrepancies(rows: BillRow[], day: number): BillRow[] {
    const own = this.#discrepancies.get(day) ?? this.#discrepancies.get(undefined);
    if (!own) return rows;
    const made = own.add.map(({ outTradeNo, transactionId, amountFen }): BillRow => {
      const noon = startOfBeijingDay(day) + 12 * hourMs;
      const unknown = { openId: '', tradeType: 'NATIVE', description: '', attach: '', deviceId: '' };
      const amounts = { amountFen, settledFen: amountFen };
      return { ...unknown, ...amounts, at: noon, appId: this.#appId, transactionId, outTradeNo };
    });
    const kept = rows.filter(({ outTradeNo }) => !own.drop.includes(outTradeNo));
    return [...kept.map((row) => withAmount(row, own.amounts)), ...made];
  }
}

/** Returns the rows that another system of the merchant adds to a day: two payments, a refund and a revoked payment. */
export function foreignRows(day: number): BillRow[] {
  const at = startOfBeijingDay(day) + 12 * hourMs;
  const payment = (end: string): BillRow => ({
    at,
    appId: 'wx0000000000000000',
    transactionId: `42000000002025112000000000${end}`,
    outTradeNo: `till-20251120-${end}`,
    openId: '',
    tradeType: 'MICROPAY',
    description: '收银台',
    attach: '',
    deviceId: '',
    amountFen: 6_600,
    settledFen: 6_600,
  });
  const refund = { refundId: '50300000002025112000000000001', outRefundNo: 'till-refund-1', createdAt: at };
  return [
    payment('01'),
    payment('02'),
    { ...payment('01'), refund: { ...refund, status: 'SUCCESS', successAt: at } },
    { ...payment('03'), isRevoked: true },
  ];
}

/** Returns the rows of one day and type. @throws NO_STATEMENT_EXIST when there are none */
export function rowsOfDay(rows: BillRow[], day: number, type: BillType = 'ALL'): BillRow[] {
  const kinds: Record<BillType, boolean[]> = { ALL: [true, false], SUCCESS: [false], REFUND: [true] };
  const found = rows.filter(({ at, refund }) => beijingDay(at) === day && kinds[type].includes(Boolean(refund)));
  if (found.length === 0) throw new PayError(400, 'NO_STATEMENT_EXIST', '账单文件不存在');
  return found;
}

function withAmount(row: BillRow, amounts: Record<string, number>): BillRow {
  const amountFen = Object.hasOwn(amounts, row.outTradeNo) ? amounts[row.outTradeNo] : undefined;
  return row.refund || amountFen === undefined ? row : { ...row, amountFen, settledFen: amountFen };
}

function rowsOf(order: PayOrder): BillRow[] {
  const { terms, payment, refunds } = order;
  if (!payment) return [];
  const { appId, outTradeNo, tradeType, description, attach = '', deviceId = '', totalFen } = terms;
  const { transactionId, openId, paidAt } = payment;
  const common = { appId, transactionId, outTradeNo, openId, tradeType, description, attach, deviceId };
  return [
    { ...common, at: paidAt, amountFen: totalFen, settledFen: settledFen(order, totalFen) },
    ...refunds.map((refund) => ({ ...common, ...toRefundRow(refund) })),
  ];
}

/** The refund as of the time when the bill was made: bills are never updated. */
function toRefundRow(refund: Refund) {
  const { createdAt, history, refundId, terms } = refund;
  const generatedAt = startOfBeijingDay(beijingDay(createdAt) + 1) + generatedAtMs;
  const then = { ...refund, history: history.filter(({ at }) => at <= generatedAt) };
  const status = refundStatusOf(then);
  const successAt = status === 'SUCCESS' ? then.history.at(-1)?.at : undefined;
  return {
    at: createdAt,
    amountFen: terms.refundFen,
    settledFen: settledFen(refund.order, terms.refundFen),
    refund: {
      refundId,
      outRefundNo: terms.outRefundNo,
      status,
      createdAt,
      ...(successAt !== undefined && { successAt }),
    },
  };
}
