import { ORDER_BUDGET_MS } from '../lib/core/deadline.ts';
import { closeOrder as endpoint } from '../lib/http/api/orders.ts';
import { route } from '../lib/http/route.ts';
import { closeOrder } from '../lib/pay/close-order.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadOwnOrders } from '../lib/wiring/pay.ts';

const load = fresh(loadOwnOrders);

export const handler = route(endpoint, async ({ token, path: { outTradeNo } }) =>
  closeOrder((await load()).within(ORDER_BUDGET_MS), { token, outTradeNo }),
);
