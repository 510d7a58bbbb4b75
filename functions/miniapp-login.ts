import { loadLogin } from '../lib/wiring/deps.ts';
import { loginMiniapp as endpoint } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { login } from '../lib/identity/login-miniapp.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadLogin);

export const handler = route(endpoint, async ({ address, body: { code } }) => {
  const { limit, ...loaded } = await deps();
  await limit(address);
  return login(loaded, code);
});
