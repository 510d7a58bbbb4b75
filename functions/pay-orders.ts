import { REQUEST_BUDGET_MS } from '../lib/core/deadline.ts';
import { listOrders as endpoint } from '../lib/http/api/orders.ts';
import { route } from '../lib/http/route.ts';
import { listOrders } from '../lib/pay/list-orders.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadOwnOrders } from '../lib/wiring/pay.ts';

const load = fresh(loadOwnOrders);

export const handler = route(endpoint, async ({ token, query: { cursor } }) =>
  listOrders((await load()).within(REQUEST_BUDGET_MS), { token, cursor }),
);
