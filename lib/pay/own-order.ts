import { AppError } from '../core/errors.ts';
import { authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { allIdsOf } from '../store/accounts.ts';
import { ownerOf } from '../store/keys.ts';
import type { LimitAccount } from '../rate-limit/rate-limit.ts';
import { readOrder, type Order } from '../store/orders.ts';

/** Dependencies of flows that read the orders of the caller. */
export type OwnOrderDeps = AuthDeps & { limitAccount: LimitAccount };

/**
 * Reads one order of the caller, or of an account that was merged into the account of the caller.
 * @throws UNAUTHENTICATED; RATE_LIMITED above the limit of the account
 * @throws NOT_FOUND for an unknown order, and for an order of another user
 */
export async function readOwnOrder(
  deps: OwnOrderDeps,
  { token, outTradeNo }: { token: string; outTradeNo: string },
): Promise<Order> {
  const { account } = await authenticateAccount(deps, token, { accountConsistency: 'eventual-with-fallback' });
  await deps.limitAccount(account.id);
  const order = allIdsOf(account).includes(ownerOf(outTradeNo)) ? await readOrder(deps.table, outTradeNo) : undefined;
  if (!order) throw new AppError('NOT_FOUND', 'This account has no order with this number');
  return order;
}
