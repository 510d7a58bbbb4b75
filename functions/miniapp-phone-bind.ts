import { bindPhone as endpoint } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { bindPhone } from '../lib/identity/bind-phone.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadPhoneBinding } from '../lib/wiring/identity.ts';

const load = fresh(loadPhoneBinding);

export const handler = route(endpoint, async ({ token, body: { takeOver, ...proof } }) =>
  bindPhone(await load(), { token, proof, takeOver }),
);
