import { bindPhone as endpoint } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { bindPhone } from '../lib/identity/bind-phone.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadPhoneBinding } from '../lib/wiring/identity.ts';

const load = fresh(loadPhoneBinding);

export const handler = route(endpoint, async ({ clientFacts, token, body: { takeOver, ...proof } }) => {
  const { limit, clientOf, ...deps } = await load();
  return limit(clientOf(clientFacts).address, () => bindPhone(deps, { token, proof, takeOver }));
});
