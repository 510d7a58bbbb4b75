import { loadSessions } from '../lib/wiring/deps.ts';
import { loadOrders } from '../lib/wiring/deps-pay.ts';
import { listOrders as endpoint } from '../lib/http/api/pay.ts';
import { route } from '../lib/http/route.ts';
import { listOwnOrders } from '../lib/pay/list-orders.ts';
import { fresh, together } from '../lib/secrets/fresh.ts';

const deps = fresh(() => together(loadSessions, loadOrders));

export const handler = route(endpoint, async ({ token, query: { cursor } }) => {
  const loaded = await deps();
  loaded.hurry();
  return listOwnOrders(loaded, { token, cursor });
});
