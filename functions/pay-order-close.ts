import { closeOrder as endpoint } from '../lib/http/api/orders.ts';
import { route } from '../lib/http/route.ts';
import { closeOrder } from '../lib/pay/close-order.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadOrderClosing } from '../lib/wiring/pay.ts';

const load = fresh(loadOrderClosing);

export const handler = route(endpoint, async ({ token, path: { outTradeNo } }) =>
  closeOrder(await load(), { token, outTradeNo }),
);
