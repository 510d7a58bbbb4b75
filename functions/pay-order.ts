import { loadSessions } from '../lib/wiring/deps.ts';
import { loadOrders } from '../lib/wiring/deps-pay.ts';
import { getOrder } from '../lib/http/api/pay.ts';
import { route } from '../lib/http/route.ts';
import { readOwnOrder } from '../lib/pay/get-order.ts';
import { fresh, together } from '../lib/secrets/fresh.ts';

const deps = fresh(() => together(loadSessions, loadOrders));

export const handler = route(getOrder, async ({ token, path: { outTradeNo } }) => {
  const loaded = await deps();
  loaded.hurry();
  return readOwnOrder(loaded, { token, outTradeNo });
});
