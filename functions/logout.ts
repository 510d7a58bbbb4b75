import { logout as endpoint } from '../lib/http/api/account.ts';
import { expiredSessionCookie } from '../lib/http/cookies.ts';
import { route } from '../lib/http/route.ts';
import { logout } from '../lib/identity/logout.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadSessions } from '../lib/wiring/sessions.ts';

const load = fresh(loadSessions);

export const handler = route(endpoint, async ({ token, body: { everywhere } }) => {
  const { publicBaseUrl, ...deps } = await load();
  await logout(deps, token, { everywhere });
  return { body: undefined, cookies: [expiredSessionCookie(publicBaseUrl)] };
});
