import { settings } from '../lib/config.ts';
import { loadPay, loadSessions } from '../lib/deps.ts';
import { getOrder } from '../lib/http/api/pay.ts';
import { credential } from '../lib/http/credential.ts';
import { route } from '../lib/http/route.ts';
import { once } from '../lib/once.ts';
import { readOwnOrder } from '../lib/pay/read-order.ts';

const deps = once(async () => ({
  ...(await loadSessions()),
  ...(await loadPay()),
  ...(await settings('ALLOWED_ORIGINS')),
}));

export const handler = route(getOrder, async ({ path: { outTradeNo } }, event) => {
  const loaded = await deps();
  return readOwnOrder(loaded, { token: credential(event, loaded.ALLOWED_ORIGINS), outTradeNo });
});
