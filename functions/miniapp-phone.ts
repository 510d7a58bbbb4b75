import { loadMiniappToken, loadSessions } from '../lib/deps.ts';
import { bindPhone } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { bindPhoneNumber } from '../lib/identity/bind-phone.ts';
import { once } from '../lib/once.ts';

const deps = once(async () => ({ ...(await loadSessions()), ...(await loadMiniappToken()) }));

export const handler = route(bindPhone, async ({ token, body }) =>
  bindPhoneNumber(await deps(), { token, proof: body }),
);
