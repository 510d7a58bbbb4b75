import { loadSessions } from '../lib/wiring/deps.ts';
import { logout as endpoint } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { logout } from '../lib/identity/logout.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadSessions);

export const handler = route(endpoint, async ({ token }) => logout(await deps(), token));
