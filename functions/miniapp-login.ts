import { loginMiniapp as endpoint } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { loginMiniapp } from '../lib/identity/login-miniapp.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadLogin } from '../lib/wiring/identity.ts';

const load = fresh(loadLogin);

export const handler = route(endpoint, async ({ address, body: { code } }) => {
  const { limit, ...deps } = await load();
  await limit(address);
  return loginMiniapp(deps, code);
});
