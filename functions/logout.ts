import { loadSessions } from '../lib/deps.ts';
import { postLogout } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { logout } from '../lib/identity/logout.ts';
import { once } from '../lib/once.ts';

const deps = once(loadSessions);

export const handler = route(postLogout, async ({ token }) => logout(await deps(), token));
