import { oauthCallback } from '../lib/h5/oauth-callback.ts';
import { oauthCallback as endpoint } from '../lib/http/api/h5.ts';
import { oauthCookie, sessionCookie } from '../lib/http/cookies.ts';
import { route } from '../lib/http/route.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadOauthCallback } from '../lib/wiring/h5.ts';

const load = fresh(loadOauthCallback);

export const handler = route(endpoint, async ({ clientFacts, query: { code, state }, cookies }) => {
  const { limit, clientOf, publicBaseUrl, ...deps } = await load();
  const returned = { code, state, signedState: cookies[oauthCookie(state)] };
  const { redirect, session } = await limit(clientOf(clientFacts).address, () => oauthCallback(deps, returned));
  return { location: redirect, cookies: [sessionCookie(session, publicBaseUrl)] };
});
