import { settings } from '../lib/core/config.ts';
import { ORDER_BUDGET_MS } from '../lib/core/deadline.ts';
import { prepay as endpoint } from '../lib/http/api/pay.ts';
import { assertOwnPage } from '../lib/http/credential.ts';
import { route } from '../lib/http/route.ts';
import { prepay } from '../lib/pay/prepay.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadPrepay } from '../lib/wiring/pay.ts';

const load = fresh(loadPrepay);

export const handler = route(endpoint, async ({ clientFacts, token, headers, body: { app, ...purchase } }) => {
  // A browser may start an H5 payment only from an allowed origin. Clients that are not browsers send no Origin header.
  if (purchase.tradeType === 'H5' && headers.origin !== undefined) {
    assertOwnPage(headers.origin, settings('ALLOWED_ORIGINS').ALLOWED_ORIGINS);
  }
  const appId = app && appIdOf(app);
  const { clientOf, ...deps } = (await load()).within(ORDER_BUDGET_MS);
  const { address } = clientOf(clientFacts);
  return prepay(deps, { token, ...purchase, appId, address, idempotencyKey: headers['idempotency-key'] });
});

function appIdOf(app: 'mini-program' | 'official-account'): string {
  if (app === 'mini-program') return settings('MINIAPP_APP_ID').MINIAPP_APP_ID;
  return settings('OFFICIAL_APP_ID').OFFICIAL_APP_ID;
}
