import { loadSessions } from '../lib/wiring/deps.ts';
import { loadPay } from '../lib/wiring/deps-pay.ts';
import { closeOrder as endpoint } from '../lib/http/api/pay.ts';
import { route } from '../lib/http/route.ts';
import { closeOwnOrder } from '../lib/pay/close-order.ts';
import { fresh, together } from '../lib/secrets/fresh.ts';

const deps = fresh(() => together(loadSessions, loadPay));

export const handler = route(endpoint, async ({ token, path: { outTradeNo } }) =>
  closeOwnOrder(await deps(), { token, outTradeNo }),
);
