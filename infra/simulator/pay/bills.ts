import { beijingDay, startOfBeijingDay } from '../beijing-time.ts';
import type { Clock } from '../clock.ts';
import type { BillRow, BillType } from './bill-row.ts';
import { PayError } from './error.ts';
import type { PayOrder, Refund } from './ledger.ts';
import type { PayOrders } from './orders.ts';
import { refundStatusOf } from './refunds.ts';

/** What a person has the bills say otherwise than the ledger does. */
export interface BillDiscrepancies {
  /** Numbers of orders that are not in it, and neither are their refunds. */
  drop: string[];
  /** Other amounts of payments, by number of the order. */
  amounts: Record<string, number>;
  /** Payments that nobody made. */
  add: { outTradeNo: string; transactionId: string; amountFen: number }[];
}

const hourMs = 3_600_000;
const generatedAtMs = 9 * hourMs;
const longestDays = 90;

/** The bills of past Beijing days (pay 2.8 to 2.10), on the virtual clock. */
export class Bills {
  readonly #clock: Clock;
  readonly #orders: PayOrders;
  readonly #appId: string;
  /** By day; that of no day is for each. */
  readonly #discrepancies = new Map<number | undefined, BillDiscrepancies>();

  /** `appId`: whose the payments are that nobody made. */
  constructor(clock: Clock, orders: PayOrders, appId: string) {
    this.#clock = clock;
    this.#orders = orders;
    this.#appId = appId;
  }

  /** Distorts the bills that are made from now on, of one day or of each; the newest word on a day counts. */
  setDiscrepancies(day: number | undefined, discrepancies: BillDiscrepancies): void {
    this.#discrepancies.set(day, discrepancies);
  }

  /** Everything from the first day to the end of this one, oldest first. @throws what there is no bill for */
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
      return { ...unknown, at: noon, appId: this.#appId, transactionId, outTradeNo, amountFen };
    });
    const kept = rows.filter(({ outTradeNo }) => !own.drop.includes(outTradeNo));
    return [...kept.map((row) => withAmount(row, own.amounts)), ...made];
  }
}

/** Those of one day and kind. @throws NO_STATEMENT_EXIST if there are none */
export function rowsOfDay(rows: BillRow[], day: number, type: BillType = 'ALL'): BillRow[] {
  const kinds: Record<BillType, boolean[]> = { ALL: [true, false], SUCCESS: [false], REFUND: [true] };
  const found = rows.filter(({ at, refund }) => beijingDay(at) === day && kinds[type].includes(Boolean(refund)));
  if (found.length === 0) throw new PayError(400, 'NO_STATEMENT_EXIST', '账单文件不存在');
  return found;
}

function withAmount(row: BillRow, amounts: Record<string, number>): BillRow {
  const amountFen = Object.hasOwn(amounts, row.outTradeNo) ? amounts[row.outTradeNo] : undefined;
  return row.refund || amountFen === undefined ? row : { ...row, amountFen };
}

function rowsOf({ terms, payment, refunds }: PayOrder): BillRow[] {
  if (!payment) return [];
  const { appId, outTradeNo, tradeType, description, attach = '', deviceId = '', totalFen } = terms;
  const { transactionId, openId, paidAt } = payment;
  const common = { appId, transactionId, outTradeNo, openId, tradeType, description, attach, deviceId };
  return [
    { ...common, at: paidAt, amountFen: totalFen },
    ...refunds.map((refund) => ({ ...common, ...toRefundRow(refund) })),
  ];
}

/** As it stood when the bill was made: bills are never brought up to date. */
function toRefundRow(refund: Refund) {
  const { createdAt, history, refundId, terms } = refund;
  const generatedAt = startOfBeijingDay(beijingDay(createdAt) + 1) + generatedAtMs;
  const then = { ...refund, history: history.filter(({ at }) => at <= generatedAt) };
  const status = refundStatusOf(then);
  const successAt = status === 'SUCCESS' ? then.history.at(-1)?.at : undefined;
  return {
    at: createdAt,
    amountFen: terms.refundFen,
    refund: {
      refundId,
      outRefundNo: terms.outRefundNo,
      status,
      createdAt,
      ...(successAt !== undefined && { successAt }),
    },
  };
}
