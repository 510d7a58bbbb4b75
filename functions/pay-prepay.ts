import { settings } from '../lib/core/config.ts';
import { loadSessions } from '../lib/wiring/deps.ts';
import { loadPrepay } from '../lib/wiring/deps-pay.ts';
import { prepay as endpoint } from '../lib/http/api/pay.ts';
import { assertOwnPage } from '../lib/http/credential.ts';
import { route } from '../lib/http/route.ts';
import { prepay } from '../lib/pay/prepay.ts';
import { fresh, together } from '../lib/secrets/fresh.ts';

const deps = fresh(() => together(loadSessions, loadPrepay));

export const handler = route(endpoint, async ({ token, headers, address, body: { app, ...purchase } }) => {
  // A browser says which page asks; programs say nothing (pay 2.2).
  if (purchase.tradeType === 'H5' && headers.origin !== undefined) {
    assertOwnPage(headers.origin, settings('ALLOWED_ORIGINS').ALLOWED_ORIGINS);
  }
  const appId = app && appIdOf(app);
  return prepay(await deps(), { token, ...purchase, appId, address, idempotencyKey: headers['idempotency-key'] });
});

function appIdOf(app: 'mini-program' | 'official-account'): string {
  if (app === 'mini-program') return settings('MINIAPP_APP_ID').MINIAPP_APP_ID;
  return settings('OFFICIAL_APP_ID').OFFICIAL_APP_ID;
}
