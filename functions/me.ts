import { loadSessions } from '../lib/wiring/deps.ts';
import { getMe } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { me } from '../lib/identity/get-me.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadSessions);

export const handler = route(getMe, async ({ token }) => me(await deps(), token));
