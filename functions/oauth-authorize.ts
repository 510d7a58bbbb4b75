import { authorize, CALLBACK_PATH } from '../lib/h5/authorize.ts';
import { authorize as endpoint } from '../lib/http/api/h5.ts';
import { browserRoute } from '../lib/http/browser-route.ts';
import { oauthCookie, setCookie } from '../lib/http/cookies.ts';
import { OAUTH_STATE_LIFE_S } from '../lib/identity/session-token.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadAuthorize } from '../lib/wiring/h5.ts';

const load = fresh(loadAuthorize);

export const handler = browserRoute(endpoint, async ({ clientFacts, query }) => {
  const { limit, clientOf, ...deps } = await load();
  const { address } = clientOf(clientFacts);
  const { location, state, signedState } = await limit(address, () => authorize(deps, query));
  const cookie = { name: oauthCookie(state), value: signedState, path: CALLBACK_PATH, maxAgeS: OAUTH_STATE_LIFE_S };
  return { location, cookies: [setCookie(cookie, deps.publicBaseUrl)] };
});
