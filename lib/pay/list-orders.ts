import { authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { allIdsOf } from '../store/accounts.ts';
import { ageOf } from '../store/keys.ts';
import { readOrderPage } from '../store/order-lists.ts';
import { refreshOrder, type CheckDeps } from './check-order.ts';
import { orderView, type OrderView } from './order.ts';

const PAGE = 20;

/**
 * Lists the orders of the caller and of the accounts merged into it, newest first. Open orders are queried at WeChat.
 * @param cursor the `cursor` of the previous page
 * @returns the orders, and the `cursor` of the next page; null on the last page
 * @throws UNAUTHENTICATED
 */
export async function listOrders(
  deps: AuthDeps & CheckDeps,
  { token, cursor }: { token: string; cursor?: string | undefined },
): Promise<{ orders: OrderView[]; cursor: string | null }> {
  const { account } = await authenticateAccount(deps, token, { accountConsistency: 'eventual-with-fallback' });
  // The query of each account reads one order more than a page, which shows whether a next page exists.
  const pages = await Promise.all(
    allIdsOf(account).map((accountId) => readOrderPage(deps.table, { accountId, before: cursor, limit: PAGE + 1 })),
  );
  const newestFirst = pages.flat().toSorted((a, b) => (ageOf(a.outTradeNo) < ageOf(b.outTradeNo) ? 1 : -1));
  const page = newestFirst.slice(0, PAGE);
  const orders = await Promise.all(page.map((order) => refreshOrder(deps, order)));
  const last = newestFirst.length > PAGE ? page.at(-1) : undefined;
  return { orders: orders.map(orderView), cursor: last ? ageOf(last.outTradeNo) : null };
}
