import { loadCallback } from '../lib/wiring/deps.ts';
import { callback } from '../lib/h5/oauth-callback.ts';
import { oauthCallback } from '../lib/http/api/h5.ts';
import { oauthCookie, SESSION_COOKIE, setCookie } from '../lib/http/cookies.ts';
import { route } from '../lib/http/route.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadCallback);

export const handler = route(oauthCallback, async ({ query: { code, state }, cookies, address }) => {
  const { limit, publicBaseUrl, ...loaded } = await deps();
  await limit(address);
  const { redirect, session } = await callback(loaded, { code, state, kept: cookies[oauthCookie(state)] });
  const cookie = { name: SESSION_COOKIE, value: session.token, path: '/', maxAgeS: session.expiresIn };
  return { location: redirect, cookies: [setCookie(cookie, publicBaseUrl)] };
});
