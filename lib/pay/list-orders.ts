import { authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { allIdsOf } from '../store/accounts.ts';
import { ageOf } from '../store/keys.ts';
import { readOrderPage } from '../store/orders.ts';
import { refreshOrder, type CheckDeps } from './check-order.ts';
import { orderView, type OrderView } from './order.ts';

const PAGE = 20;

/**
 * Lists the orders of the caller, newest first, merged accounts included; open orders are queried at WeChat.
 * @param cursor the end of the previous page
 * @returns `cursor` for the next page, null at the end
 * @throws UNAUTHENTICATED
 */
export async function listOrders(
  deps: AuthDeps & CheckDeps,
  { token, cursor }: { token: string; cursor?: string | undefined },
): Promise<{ orders: OrderView[]; cursor: string | null }> {
  const { account } = await authenticateAccount(deps, token, { accountConsistency: 'eventual-with-fallback' });
  // One order more than the page shows whether there is a next page.
  const pages = await Promise.all(
    allIdsOf(account).map((accountId) => readOrderPage(deps.table, { accountId, before: cursor, limit: PAGE + 1 })),
  );
  const found = pages.flat().toSorted((a, b) => (ageOf(a.outTradeNo) < ageOf(b.outTradeNo) ? 1 : -1));
  const shown = found.slice(0, PAGE);
  const orders = await Promise.all(shown.map((order) => refreshOrder(deps, order)));
  const last = found.length > PAGE ? shown.at(-1) : undefined;
  return { orders: orders.map(orderView), cursor: last ? ageOf(last.outTradeNo) : null };
}
