import { authenticateAccount } from '../identity/authenticate.ts';
import { allIdsOf } from '../store/accounts.ts';
import { ageOf } from '../store/keys.ts';
import { readOrderPage } from '../store/order-lists.ts';
import { isOpen, mayBeShipped } from '../store/order-states.ts';
import { readShipments } from '../store/shipments.ts';
import { refreshOrder, type CheckDeps } from './check-order.ts';
import { orderView, type OrderView } from './order.ts';
import type { OwnOrderDeps } from './own-order.ts';

const PAGE = 20;
/** Maximum number of open orders of a page that are queried at WeChat. */
const MAX_QUERIES = 5;

/**
 * Lists the orders of the caller and of the accounts merged into it, newest first, with their shipping. The newest open
 * orders are queried at WeChat.
 * @param cursor the `cursor` of the previous page
 * @returns the orders, and the `cursor` of the next page; null on the last page
 * @throws UNAUTHENTICATED; RATE_LIMITED above the limit of the account
 */
export async function listOrders(
  deps: OwnOrderDeps & CheckDeps,
  { token, cursor }: { token: string; cursor?: string | undefined },
): Promise<{ orders: OrderView[]; cursor: string | null }> {
  const { account } = await authenticateAccount(deps, token, { accountConsistency: 'eventual-with-fallback' });
  await deps.limitAccount(account.id);
  // The query of each account reads one order more than a page, which shows whether a next page exists.
  const pages = await Promise.all(
    allIdsOf(account).map((accountId) => readOrderPage(deps.table, { accountId, before: cursor, limit: PAGE + 1 })),
  );
  const newestFirst = pages.flat().toSorted((a, b) => (ageOf(a.outTradeNo) < ageOf(b.outTradeNo) ? 1 : -1));
  const page = newestFirst.slice(0, PAGE);
  const queried = page.filter(isOpen).slice(0, MAX_QUERIES);
  const orders = await Promise.all(page.map((order) => (queried.includes(order) ? refreshOrder(deps, order) : order)));
  const last = newestFirst.length > PAGE ? page.at(-1) : undefined;
  const shippable = orders.filter(mayBeShipped).map(({ outTradeNo }) => outTradeNo);
  const shipments = await readShipments(deps.table, shippable);
  const views = orders.map((order) => orderView(order, shipments.get(order.outTradeNo)));
  return { orders: views, cursor: last ? ageOf(last.outTradeNo) : null };
}
