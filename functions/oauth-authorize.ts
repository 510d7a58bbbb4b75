import { loadAuthorize } from '../lib/wiring/deps.ts';
import { authorize, CALLBACK_PATH } from '../lib/h5/authorize.ts';
import { authorize as endpoint } from '../lib/http/api/h5.ts';
import { oauthCookie, setCookie } from '../lib/http/cookies.ts';
import { route } from '../lib/http/route.ts';
import { OAUTH_STATE_LIFE_S } from '../lib/identity/session-token.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadAuthorize);

export const handler = route(endpoint, async ({ query }) => {
  const loaded = await deps();
  const { location, state, kept } = await authorize(loaded, query);
  const cookie = { name: oauthCookie(state), value: kept, path: CALLBACK_PATH, maxAgeS: OAUTH_STATE_LIFE_S };
  return { location, cookies: [setCookie(cookie, loaded.publicBaseUrl)] };
});
