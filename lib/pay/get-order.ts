import type { AuthDeps } from '../identity/authenticate.ts';
import { freshOrder, type CheckDeps } from './check-order.ts';
import { orderView, type OrderView } from './order.ts';
import { ownOrder } from './own-order.ts';

/**
 * One order of the caller, as WeChat knows it.
 * @throws UNAUTHENTICATED; NOT_FOUND, also for somebody else's order
 */
export async function readOwnOrder(
  deps: AuthDeps & CheckDeps,
  asked: { token: string; outTradeNo: string },
): Promise<{ order: OrderView }> {
  return { order: orderView(await freshOrder(deps, await ownOrder(deps, asked))) };
}
