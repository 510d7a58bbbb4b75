import { settings } from '../lib/config.ts';
import { loadSessions } from '../lib/deps.ts';
import { putProfile } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { updateProfile } from '../lib/identity/profile.ts';
import { once } from '../lib/once.ts';

const deps = once(async () => {
  const { MINIAPP_APP_ID: appId } = await settings('MINIAPP_APP_ID');
  return { ...(await loadSessions()), app: { appId } };
});

export const handler = route(putProfile, async ({ token, body }) =>
  updateProfile(await deps(), { token, input: body }),
);
