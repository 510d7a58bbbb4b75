import { loadMiniapp, loadSessions } from '../lib/deps.ts';
import { miniappLogin } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { login } from '../lib/identity/login.ts';
import { once } from '../lib/once.ts';

const deps = once(async () => ({ ...(await loadSessions()), ...(await loadMiniapp()) }));

export const handler = route(miniappLogin, async ({ body }) => login(await deps(), body.code));
