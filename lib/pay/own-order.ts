import { AppError } from '../core/errors.ts';
import { authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { ownIds } from '../store/accounts.ts';
import { ownerOf } from '../store/keys.ts';
import { readOrder, type Order } from '../store/orders.ts';

/**
 * One order of the caller, also of an account that was merged into theirs.
 * @throws UNAUTHENTICATED; NOT_FOUND, also for somebody else's order
 */
export async function ownOrder(
  deps: AuthDeps,
  { token, outTradeNo }: { token: string; outTradeNo: string },
): Promise<Order> {
  const { account } = await authenticateAccount(deps, token, 'eventual-hit');
  const order = ownIds(account).includes(ownerOf(outTradeNo)) ? await readOrder(deps.table, outTradeNo) : undefined;
  if (!order) throw new AppError('NOT_FOUND', 'No such order');
  return order;
}
