import { loadSessions } from '../lib/deps.ts';
import { registerAccount } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { register } from '../lib/identity/register.ts';
import { once } from '../lib/once.ts';

const deps = once(loadSessions);

export const handler = route(registerAccount, async ({ body }) => register(await deps(), body.registrationToken));
