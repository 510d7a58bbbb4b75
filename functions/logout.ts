import { loadSessions } from '../lib/wiring/deps.ts';
import { postLogout } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { logout } from '../lib/identity/logout.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadSessions);

export const handler = route(postLogout, async ({ token }) => logout(await deps(), token));
