import type { AuthDeps } from '../identity/authenticate.ts';
import { refreshOrder, type CheckDeps } from './check-order.ts';
import { orderView, type OrderView } from './order.ts';
import { readOwnOrder } from './own-order.ts';

/**
 * Returns one order of the caller, queried at WeChat while it is open.
 * @throws UNAUTHENTICATED; NOT_FOUND, also for another user's order
 */
export async function getOrder(
  deps: AuthDeps & CheckDeps,
  request: { token: string; outTradeNo: string },
): Promise<{ order: OrderView }> {
  return { order: orderView(await refreshOrder(deps, await readOwnOrder(deps, request))) };
}
