import { settings } from '../lib/core/config.ts';
import { register as endpoint } from '../lib/http/api/identity.ts';
import { assertOwnPage } from '../lib/http/credential.ts';
import { loginAnswer } from '../lib/http/login-answer.ts';
import { route } from '../lib/http/route.ts';
import { register } from '../lib/identity/register.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadRegistration } from '../lib/wiring/identity.ts';

const load = fresh(loadRegistration);

export const handler = route(endpoint, async ({ clientFacts, body, query: { cookie }, headers }) => {
  // A form of another site could post its own registration token, and log the browser in to the account of an attacker.
  if (cookie !== undefined) assertOwnPage(headers.origin, settings('ALLOWED_ORIGINS').ALLOWED_ORIGINS);
  const { limit, clientOf, publicBaseUrl, ...deps } = await load();
  const answer = await limit(clientOf(clientFacts).address, () => register(deps, body.registrationToken));
  return loginAnswer(answer, { cookie, publicBaseUrl });
});
