import { settings } from '../lib/core/config.ts';
import { loadSessions } from '../lib/wiring/deps.ts';
import { decideQrLogin as endpoint } from '../lib/http/api/scan-login.ts';
import { route } from '../lib/http/route.ts';
import { decideQrLogin } from '../lib/scan-login/decide.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(async () => {
  const { MINIAPP_APP_ID: appId, SITE_NAME: siteName } = settings('MINIAPP_APP_ID', 'SITE_NAME');
  return { ...(await loadSessions()), appId, siteName };
});

export const handler = route(endpoint, async ({ token, path: { ticket }, body: { decision } }) =>
  decideQrLogin(await deps(), { token, ticket, decision }),
);
