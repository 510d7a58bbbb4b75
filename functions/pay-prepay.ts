import { settings } from '../lib/config.ts';
import { loadSessions } from '../lib/deps.ts';
import { loadPrepay } from '../lib/deps-pay.ts';
import { postPrepay } from '../lib/http/api/pay.ts';
import { assertOwnPage } from '../lib/http/credential.ts';
import { route } from '../lib/http/route.ts';
import { once } from '../lib/once.ts';
import { prepay } from '../lib/pay/prepay.ts';

const deps = once(async () => ({ ...(await loadSessions()), ...(await loadPrepay()) }));

export const handler = route(postPrepay, async ({ token, headers, address, body: { app, ...purchase } }) => {
  // A browser says which page asks; programs say nothing (pay 2.2).
  if (purchase.tradeType === 'H5' && headers.origin !== undefined) {
    assertOwnPage(headers.origin, (await settings('ALLOWED_ORIGINS')).ALLOWED_ORIGINS);
  }
  const appId = app && (await appIdOf(app));
  return prepay(await deps(), { token, ...purchase, appId, address, idempotencyKey: headers['idempotency-key'] });
});

async function appIdOf(app: 'mini-program' | 'official-account'): Promise<string> {
  if (app === 'mini-program') return (await settings('MINIAPP_APP_ID')).MINIAPP_APP_ID;
  return (await settings('OFFICIAL_APP_ID')).OFFICIAL_APP_ID;
}
