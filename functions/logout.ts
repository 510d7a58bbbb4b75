import { settings } from '../lib/config.ts';
import { loadSessions } from '../lib/deps.ts';
import { postLogout } from '../lib/http/api/identity.ts';
import { credential } from '../lib/http/credential.ts';
import { route } from '../lib/http/route.ts';
import { logout } from '../lib/identity/logout.ts';
import { once } from '../lib/once.ts';

const deps = once(async () => ({ ...(await loadSessions()), ...(await settings('ALLOWED_ORIGINS')) }));

export const handler = route(postLogout, async (_, event) => {
  const loaded = await deps();
  await logout(loaded, credential(event, loaded.ALLOWED_ORIGINS));
});
