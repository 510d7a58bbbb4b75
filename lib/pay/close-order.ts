import { AppError } from '../core/errors.ts';
import { isOpen } from '../store/order-states.ts';
import { readOrder } from '../store/orders.ts';
import { closeAtWechat, type CheckDeps } from './check-order.ts';
import { orderView, type OrderView } from './order.ts';
import { readOwnOrder, type OwnOrderDeps } from './own-order.ts';

/**
 * Closes an order of the caller, so that it can no longer be paid. Closing twice succeeds.
 * @throws UNAUTHENTICATED; RATE_LIMITED above the limit of the account
 * @throws NOT_FOUND for an unknown order, and for an order of another user
 * @throws ORDER_STATE_CONFLICT when the order is paid, or is still open after WeChat reported a conflict; the errors of
 * the calls to WeChat Pay
 */
export async function closeOrder(
  deps: OwnOrderDeps & CheckDeps,
  request: { token: string; outTradeNo: string },
): Promise<{ order: OrderView }> {
  const order = await readOwnOrder(deps, request);
  if (isOpen(order)) await closeAtWechat(deps, order);
  const current = (await readOrder(deps.table, order.outTradeNo)) ?? order;
  if (current.state === 'CLOSED') return { order: orderView(current) };
  throw new AppError('ORDER_STATE_CONFLICT', 'The order cannot be closed in its current state', {
    detail: { state: current.state },
  });
}
