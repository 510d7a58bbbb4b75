import { loadSessions } from '../lib/deps.ts';
import { getMe } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { me } from '../lib/identity/me.ts';
import { once } from '../lib/once.ts';

const deps = once(loadSessions);

export const handler = route(getMe, async ({ token }) => me(await deps(), token));
