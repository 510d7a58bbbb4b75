import { register as endpoint } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { register } from '../lib/identity/register.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadRegistration } from '../lib/wiring/identity.ts';

const load = fresh(loadRegistration);

export const handler = route(endpoint, async ({ clientFacts, body: { registrationToken } }) => {
  const { limit, clientOf, ...deps } = await load();
  return limit(clientOf(clientFacts).address, () => register(deps, registrationToken));
});
