import { settings } from '../lib/config.ts';
import { loadPay, loadSessions } from '../lib/deps.ts';
import { postPrepay } from '../lib/http/api/pay.ts';
import { credential } from '../lib/http/credential.ts';
import { route } from '../lib/http/route.ts';
import { once } from '../lib/once.ts';
import { prepay } from '../lib/pay/prepay.ts';

const deps = once(async () => {
  const { PAY_NOTIFY_URL: notifyUrl, ALLOWED_ORIGINS: allowedOrigins } = await settings(
    'PAY_NOTIFY_URL',
    'ALLOWED_ORIGINS',
  );
  return { ...(await loadSessions()), ...(await loadPay()), notifyUrl, allowedOrigins };
});

export const handler = route(postPrepay, async ({ body }, event) => {
  const loaded = await deps();
  const { app, sku, quantity, amountFen } = body;
  const token = credential(event, loaded.allowedOrigins);
  return prepay(loaded, { token, sku, quantity, amountFen, appId: app && (await appIdOf(app)) });
});

async function appIdOf(app: 'mini-program' | 'official-account'): Promise<string> {
  if (app === 'mini-program') return (await settings('MINIAPP_APP_ID')).MINIAPP_APP_ID;
  return (await settings('OFFICIAL_APP_ID')).OFFICIAL_APP_ID;
}
