import { REQUEST_BUDGET_MS } from '../lib/core/deadline.ts';
import { getOrder as endpoint } from '../lib/http/api/orders.ts';
import { route } from '../lib/http/route.ts';
import { getOrder } from '../lib/pay/get-order.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadOwnOrders } from '../lib/wiring/pay.ts';

const load = fresh(loadOwnOrders);

export const handler = route(endpoint, async ({ token, path: { outTradeNo } }) =>
  getOrder((await load()).within(REQUEST_BUDGET_MS), { token, outTradeNo }),
);
