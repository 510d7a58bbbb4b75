import { refreshOrder, type CheckDeps } from './check-order.ts';
import { orderView, type OrderView } from './order.ts';
import { readOwnOrder, type OwnOrderDeps } from './own-order.ts';

/**
 * Returns one order of the caller. An open order is queried at WeChat first.
 * @throws UNAUTHENTICATED; RATE_LIMITED above the limit of the account
 * @throws NOT_FOUND for an unknown order, and for an order of another user
 */
export async function getOrder(
  deps: OwnOrderDeps & CheckDeps,
  request: { token: string; outTradeNo: string },
): Promise<{ order: OrderView }> {
  return { order: orderView(await refreshOrder(deps, await readOwnOrder(deps, request))) };
}
