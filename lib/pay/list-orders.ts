import { authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { ownIds } from '../store/accounts.ts';
import { ageOf } from '../store/keys.ts';
import { pageOfOrders } from '../store/orders.ts';
import { freshOrder, type CheckDeps } from './check-order.ts';
import { orderView, type OrderView } from './order.ts';

const PAGE = 20;

/**
 * The orders of the caller, newest first, those of merged accounts among them; open ones as WeChat knows them. `cursor`
 * is what the page before ended with, null at the end.
 * @throws UNAUTHENTICATED
 */
export async function listOwnOrders(
  deps: AuthDeps & CheckDeps,
  { token, cursor }: { token: string; cursor?: string | undefined },
): Promise<{ orders: OrderView[]; cursor: string | null }> {
  const { account } = await authenticateAccount(deps, token, 'eventual-hit');
  // One more than is shown says whether there is a next page.
  const pages = await Promise.all(
    ownIds(account).map((accountId) => pageOfOrders(deps.table, { accountId, before: cursor, limit: PAGE + 1 })),
  );
  const found = pages.flat().toSorted((a, b) => (ageOf(a.outTradeNo) < ageOf(b.outTradeNo) ? 1 : -1));
  const shown = found.slice(0, PAGE);
  const orders = await Promise.all(shown.map((order) => freshOrder(deps, order)));
  const last = found.length > PAGE ? shown.at(-1) : undefined;
  return { orders: orders.map(orderView), cursor: last ? ageOf(last.outTradeNo) : null };
}
