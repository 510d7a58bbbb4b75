import { getMe as endpoint } from '../lib/http/api/account.ts';
import { route } from '../lib/http/route.ts';
import { getMe } from '../lib/identity/get-me.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadSessions } from '../lib/wiring/sessions.ts';

const load = fresh(loadSessions);

export const handler = route(endpoint, async ({ token }) => getMe(await load(), token));
