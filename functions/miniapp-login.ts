import { loginMiniapp as endpoint } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { loginMiniapp } from '../lib/identity/login-miniapp.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadLogin } from '../lib/wiring/identity.ts';

const load = fresh(loadLogin);

export const handler = route(endpoint, async ({ clientFacts, body: { code } }) => {
  const { limit, clientOf, ...deps } = await load();
  return limit(clientOf(clientFacts).address, () => loginMiniapp(deps, code));
});
