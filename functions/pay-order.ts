import { loadSessions } from '../lib/deps.ts';
import { loadOrders } from '../lib/deps-pay.ts';
import { getOrder } from '../lib/http/api/pay.ts';
import { route } from '../lib/http/route.ts';
import { readOwnOrder } from '../lib/pay/read-order.ts';
import { fresh, together } from '../lib/secrets/fresh.ts';

const deps = fresh(() => together(loadSessions, loadOrders));

export const handler = route(getOrder, async ({ token, path: { outTradeNo } }) => {
  const loaded = await deps();
  loaded.hurry();
  return readOwnOrder(loaded, { token, outTradeNo });
});
