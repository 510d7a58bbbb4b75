import { findStartedLogin, oauthCallback } from '../lib/h5/oauth-callback.ts';
import { oauthCallback as endpoint } from '../lib/http/api/h5.ts';
import { BrowserFailure } from '../lib/http/browser-failure.ts';
import { browserRoute } from '../lib/http/browser-route.ts';
import { oauthCookie, sessionCookie } from '../lib/http/cookies.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadOauthCallback } from '../lib/wiring/h5.ts';

const load = fresh(loadOauthCallback);

export const handler = browserRoute(endpoint, async ({ clientFacts, query: { code, state }, cookies }) => {
  const { limit, clientOf, publicBaseUrl, ...deps } = await load();
  const returned = { code, state, signedState: cookies[oauthCookie(state ?? '')] };
  try {
    const { redirect, session } = await limit(clientOf(clientFacts).address, () => oauthCallback(deps, returned));
    return { location: redirect, cookies: [sessionCookie(session, publicBaseUrl)] };
  } catch (error) {
    // Outside of the limit, which counts a failure by its error and also throws its own.
    const login = await findStartedLogin(deps, returned);
    throw login ? new BrowserFailure(error, login) : error;
  }
});
