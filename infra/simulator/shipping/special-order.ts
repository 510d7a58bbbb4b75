// The report of a presale or of a test order.
import { PlatformError } from '../platform/error.ts';
import { seconds } from './trade-order.ts';
import type { SpecialOrder, Trade } from './trade-order.ts';

const PRESALE = 1;
const TEST = 2;
const DAY_SECONDS = 86_400;
/** Time after the payment in which a presale is shipped (days). */
const PRESALE_DAYS = { from: 15, to: 330 };

/** Finds the order of a report by either number. @throws PlatformError */
export function findReported(trades: Trade[], { order_id: id }: Record<string, unknown>): Trade {
  const trade = trades.find(({ order, payment }) => id === payment.transactionId || id === order.terms.outTradeNo);
  if (!trade) throw new PlatformError(268546002);
  return trade;
}

/**
 * Reads the report about an order. @throws PlatformError
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export function readSpecialOrder(body: Record<string, unknown>, { payment }: Trade): SpecialOrder {
  const { type, delay_to: delayTo } = body;
  if (type === TEST) return { kind: 'test' };
  if (type !== PRESALE) throw new PlatformError(268546000);
  const days = typeof delayTo === 'number' ? (delayTo - seconds(payment.paidAt)) / DAY_SECONDS : NaN;
  if (!(days >= PRESALE_DAYS.from && days <= PRESALE_DAYS.to)) throw new PlatformError(268546001);
  return { kind: 'presale', shipsAt: Number(delayTo) * 1_000 };
}
