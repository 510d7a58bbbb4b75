import { settings } from '../lib/config.ts';
import { loadPay, loadSessions } from '../lib/deps.ts';
import { postPrepay } from '../lib/http/api/pay.ts';
import { route } from '../lib/http/route.ts';
import { once } from '../lib/once.ts';
import { prepay } from '../lib/pay/prepay.ts';

const deps = once(async () => {
  const { PAY_NOTIFY_URL: notifyUrl } = await settings('PAY_NOTIFY_URL');
  return { ...(await loadSessions()), ...(await loadPay()), notifyUrl };
});

export const handler = route(postPrepay, async ({ token, headers, body: { app, sku, quantity, amountFen } }) => {
  const idempotencyKey = headers['idempotency-key'];
  return prepay(await deps(), { token, sku, quantity, amountFen, appId: app && (await appIdOf(app)), idempotencyKey });
});

async function appIdOf(app: 'mini-program' | 'official-account'): Promise<string> {
  if (app === 'mini-program') return (await settings('MINIAPP_APP_ID')).MINIAPP_APP_ID;
  return (await settings('OFFICIAL_APP_ID')).OFFICIAL_APP_ID;
}
