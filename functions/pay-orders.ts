import { loadSessions } from '../lib/deps.ts';
import { loadOrders } from '../lib/deps-pay.ts';
import { getOrders } from '../lib/http/api/pay.ts';
import { route } from '../lib/http/route.ts';
import { once } from '../lib/once.ts';
import { listOwnOrders } from '../lib/pay/list-orders.ts';

const deps = once(async () => ({ ...(await loadSessions()), ...(await loadOrders()) }));

export const handler = route(getOrders, async ({ token, query: { cursor } }) => {
  const loaded = await deps();
  loaded.hurry();
  return listOwnOrders(loaded, { token, cursor });
});
