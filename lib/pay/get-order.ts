import { refreshOrder, type CheckDeps } from './check-order.ts';
import { mayBeShipped } from '../store/order-states.ts';
import { readShipment } from '../store/shipments.ts';
import { orderView, type OrderView } from './order.ts';
import { readOwnOrder, type OwnOrderDeps } from './own-order.ts';

/**
 * Returns one order of the caller with its shipping. An open order is queried at WeChat first.
 * @throws UNAUTHENTICATED; RATE_LIMITED above the limit of the account
 * @throws NOT_FOUND for an unknown order, and for an order of another user
 */
export async function getOrder(
  deps: OwnOrderDeps & CheckDeps,
  request: { token: string; outTradeNo: string },
): Promise<{ order: OrderView }> {
  const order = await refreshOrder(deps, await readOwnOrder(deps, request));
  if (!mayBeShipped(order)) return { order: orderView(order) };
  return { order: orderView(order, await readShipment(deps.table, order.outTradeNo, 'eventual')) };
}
