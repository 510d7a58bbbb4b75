// The query of `get_order_list`.
import { isRecord } from '../http.ts';
import { PlatformError } from '../platform/error.ts';
import { seconds, stateOf } from './trade-order.ts';
import type { Trade } from './trade-order.ts';

const USUAL_PAGE = 100;

export interface OrderPage {
  trades: Trade[];
  /** The start of the next page. */
  last_index: string;
  has_more: boolean;
}

/**
 * Selects a page of the orders.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export function pageOfOrders(trades: Trade[], query: Record<string, unknown>): OrderPage {
  const { pay_time_range: range = {}, order_state: state, openid, last_index: last = '0', page_size: size } = query;
  if (!isRecord(range)) throw new PlatformError(10060014);
  const [begin, end, most] = [
    readNumber(range.begin_time, 0),
    readNumber(range.end_time, Infinity),
    readNumber(size, USUAL_PAGE),
  ];
  if (most < 1 || most > USUAL_PAGE) throw new PlatformError(10060014);
  if (typeof last !== 'string' || !/^\d{1,9}$/.test(last)) throw new PlatformError(10060011);
  const found = trades.filter((trade) => {
    const paidAt = seconds(trade.payment.paidAt);
    if (paidAt < begin || paidAt > end) return false;
    if (state !== undefined && state !== stateOf(trade)) return false;
    return openid === undefined || openid === trade.payment.openId;
  });
  const first = Number(last);
  const next = first + most;
  return { trades: found.slice(first, next), last_index: String(next), has_more: next < found.length };
}

function readNumber(value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw new PlatformError(10060014);
  return value;
}
