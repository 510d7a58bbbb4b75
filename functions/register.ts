import { loadSessions } from '../lib/wiring/deps.ts';
import { register as endpoint } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { register } from '../lib/identity/register.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadSessions);

export const handler = route(endpoint, async ({ body }) => register(await deps(), body.registrationToken));
