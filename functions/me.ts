import { settings } from '../lib/config.ts';
import { loadSessions } from '../lib/deps.ts';
import { getMe } from '../lib/http/api/identity.ts';
import { credential } from '../lib/http/credential.ts';
import { route } from '../lib/http/route.ts';
import { me } from '../lib/identity/me.ts';
import { once } from '../lib/once.ts';

const deps = once(async () => ({ ...(await loadSessions()), ...(await settings('ALLOWED_ORIGINS')) }));

export const handler = route(getMe, async (_, event) => {
  const loaded = await deps();
  return me(loaded, credential(event, loaded.ALLOWED_ORIGINS));
});
