import { beijingDay, beijingText, startOfBeijingDay } from '../beijing-time.ts';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import { PlatformError } from '../platform/error.ts';
import { alphanumeric } from '../random.ts';
import { isPaidByApple, LIVE, totalFen } from './ledger.ts';
import type { VirtualOrder } from './ledger.ts';
import type { VirtualOrders } from './orders.ts';
import { writeWorkbook } from './xlsx.ts';
import type { Cell } from './xlsx.ts';

/** Changes that make the bills differ from the orders. */
export interface BillDistortion {
  addCount: number;
  addFen: number;
}

const COLUMNS = [
  '出库日期',
  '交易笔数',
  '交易金额',
  '昨日交易笔数',
  '昨日交易金额',
  '退款笔数',
  '技术服务费',
  '平台回退金额',
  '退款金额',
  '结算金额',
  'CPS服务费',
];
const FEE_PERCENT = 1;

/**
 * The bills: one settlement summary a day, without the numbers of orders. Apple settles its payments with a bill of its own.
 * The first request of a bill only starts its making.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_download_bill
 */
export class VirtualBills {
  distortion: BillDistortion = { addCount: 0, addFen: 0 };
  readonly #world: { clock: Clock; faults: Faults; secrets: IssuedSecrets; orders: VirtualOrders };
  readonly #asked = new Set<string>();
  readonly #files = new Map<string, Buffer>();

  constructor(world: { clock: Clock; faults: Faults; secrets: IssuedSecrets; orders: VirtualOrders }) {
    this.#world = world;
  }

  /**
   * Makes the bill of the days from `first` to `last`, as `beijingDay` numbers them. @returns the token of the file
   * @throws PlatformError 268490011 for the first request, 268490002 for days that have not ended
   */
  make(first: number, last: number): { token: string; dayCount: number } {
    const { clock, faults, secrets } = this.#world;
    if (first > last || last >= beijingDay(clock.now())) throw new PlatformError(268490002);
    const range = `${first} ${last}`;
    if (!this.#asked.has(range)) {
      this.#asked.add(range);
      throw new PlatformError(268490011);
    }
    const days = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const rows = [COLUMNS, ...days.map((day) => this.#rowOf(day))];
    const token = secrets.record(alphanumeric(32));
    this.#files.set(token, writeWorkbook(rows, faults.takeVariant('virtual-bill', 'text-cells')));
    return { token, dayCount: days.length };
  }

  read(token: string): Buffer | undefined {
    return this.#files.get(token);
  }

  #rowOf(day: number): Cell[] {
    const { addCount, addFen } = this.distortion;
    const [today, before] = [this.#paidOn(day), this.#paidOn(day - 1)];
    const tradeFen = sumOf(today) + addFen;
    const refunds = this.#settled()
      .flatMap((order) => order.refunds)
      .filter(({ state, endedAt = 0 }) => state === 'done' && beijingDay(endedAt) === day);
    const refundFen = refunds.reduce((sum, { amountFen }) => sum + amountFen, 0);
    const feeFen = Math.round((tradeFen * FEE_PERCENT) / 100);
    return [
      beijingText(startOfBeijingDay(day)).slice(0, 10),
      today.length + addCount,
      yuan(tradeFen),
      before.length,
      yuan(sumOf(before)),
      refunds.length,
      yuan(feeFen),
      0,
      yuan(refundFen),
      yuan(tradeFen - feeFen - refundFen),
      0,
    ];
  }

  #paidOn(day: number): VirtualOrder[] {
    return this.#settled().filter(({ payment }) => payment && beijingDay(payment.paidAt) === day);
  }

  #settled(): VirtualOrder[] {
    return this.#world.orders.all().filter((order) => order.env === LIVE && order.payment && !isPaidByApple(order));
  }
}

function sumOf(orders: VirtualOrder[]): number {
  return orders.reduce((sum, order) => sum + totalFen(order), 0);
}

function yuan(fen: number): number {
  return fen / 100;
}
