import { AppError } from '../core/errors.ts';
import type { AuthDeps } from '../identity/authenticate.ts';
import { readOrder } from '../store/orders.ts';
import { closeAtWechat, type CheckDeps } from './check-order.ts';
import { isOpen, orderView, type OrderView } from './order.ts';
import { ownOrder } from './own-order.ts';

/**
 * Closes an order of the caller: nobody can pay it after this. Closing twice is fine.
 * @throws UNAUTHENTICATED; NOT_FOUND, also for somebody else's order; ORDER_STATE_CONFLICT when it is paid; what a call
 * of WeChat Pay may come to
 */
export async function closeOwnOrder(
  deps: AuthDeps & CheckDeps,
  asked: { token: string; outTradeNo: string },
): Promise<{ order: OrderView }> {
  const order = await ownOrder(deps, asked);
  if (isOpen(order)) await closeAtWechat(deps, order);
  const now = (await readOrder(deps.table, order.outTradeNo)) ?? order;
  if (now.state === 'CLOSED') return { order: orderView(now) };
  throw new AppError('ORDER_STATE_CONFLICT', 'The order cannot be closed', { detail: { state: now.state } });
}
