import { AppError } from '../core/errors.ts';
import { authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { allIdsOf } from '../store/accounts.ts';
import { ownerOf } from '../store/keys.ts';
import { readOrder, type Order } from '../store/orders.ts';

/**
 * Reads one order of the caller, also of an account that was merged into the caller's.
 * @throws UNAUTHENTICATED; NOT_FOUND, also for another user's order
 */
export async function readOwnOrder(
  deps: AuthDeps,
  { token, outTradeNo }: { token: string; outTradeNo: string },
): Promise<Order> {
  const { account } = await authenticateAccount(deps, token, { accountConsistency: 'eventual-with-fallback' });
  const order = allIdsOf(account).includes(ownerOf(outTradeNo)) ? await readOrder(deps.table, outTradeNo) : undefined;
  if (!order) throw new AppError('NOT_FOUND', 'No such order');
  return order;
}
