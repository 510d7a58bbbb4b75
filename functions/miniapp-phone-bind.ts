import { loadMiniappToken, loadSessions } from '../lib/wiring/deps.ts';
import { bindPhone } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { bindPhoneNumber } from '../lib/identity/bind-phone.ts';
import { fresh, together } from '../lib/secrets/fresh.ts';

const deps = fresh(() => together(loadSessions, loadMiniappToken));

export const handler = route(bindPhone, async ({ token, body }) =>
  bindPhoneNumber(await deps(), { token, proof: body }),
);
