import { loadSessions } from '../lib/deps.ts';
import { loadOrders } from '../lib/deps-pay.ts';
import { getOrder } from '../lib/http/api/pay.ts';
import { route } from '../lib/http/route.ts';
import { once } from '../lib/once.ts';
import { readOwnOrder } from '../lib/pay/read-order.ts';

const deps = once(async () => ({ ...(await loadSessions()), ...(await loadOrders()) }));

export const handler = route(getOrder, async ({ token, path: { outTradeNo } }) => {
  const loaded = await deps();
  loaded.hurry();
  return readOwnOrder(loaded, { token, outTradeNo });
});
