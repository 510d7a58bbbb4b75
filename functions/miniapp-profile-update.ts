import { settings } from '../lib/core/config.ts';
import { loadSessions } from '../lib/wiring/deps.ts';
import { updateProfile as endpoint } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { updateProfile } from '../lib/identity/update-profile.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(async () => {
  const { MINIAPP_APP_ID: appId } = settings('MINIAPP_APP_ID');
  return { ...(await loadSessions()), app: { appId } };
});

export const handler = route(endpoint, async ({ token, body }) => updateProfile(await deps(), { token, input: body }));
