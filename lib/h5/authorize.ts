import { AppError } from '../core/errors.ts';
import type { OauthState, SessionTokens } from '../identity/session-token.ts';
import type { Runtime } from '../core/runtime.ts';
import { authorizeUrl, type OauthScope } from '../wechat/oauth.ts';

export type AuthorizeDeps = Pick<Runtime, 'randomBytes'> & {
  appId: string;
  tokens: SessionTokens;
  openBaseUrl: string;
  publicBaseUrl: string;
  allowedOrigins: string[];
};

/** Where the browser goes, and what it keeps until it comes back: signed, so that nobody can make one up. */
export interface Departure {
  location: string;
  state: string;
  kept: string;
}

/** It has to fit into a cookie, signed and in base64, of which browsers keep 4 KB. */
const MAX_REDIRECT = 2_000;

/** Where WeChat sends the browser back to. */
export const CALLBACK_PATH = '/oauth/callback';

/**
 * Sends a browser inside WeChat to the consent page (platform 6.1). `redirect` is where it ends up: only on our own
 * origins, compared whole. `state` goes to WeChat and back, and means nothing without what this browser keeps: a link
 * made by somebody else logs nobody in.
 * @throws PARAM_ERROR
 */
export async function authorize(
  { tokens, randomBytes, ...deps }: AuthorizeDeps,
  { redirect, scope }: { redirect: string; scope: OauthScope },
): Promise<Departure> {
  if (!isOurs(redirect, deps.allowedOrigins)) {
    throw new AppError('PARAM_ERROR', 'redirect: not an address of ours', { detail: { field: 'query.redirect' } });
  }
  if (new URL(redirect).href.length > MAX_REDIRECT) {
    throw new AppError('PARAM_ERROR', 'redirect: too long', { detail: { field: 'query.redirect' } });
  }
  const kept: OauthState = { state: randomBytes(16).toString('hex'), redirect: new URL(redirect).href };
  const redirectUri = deps.publicBaseUrl + CALLBACK_PATH;
  const location = authorizeUrl(deps.openBaseUrl, { appId: deps.appId, redirectUri, scope, state: kept.state });
  return { location, state: kept.state, kept: await tokens.signOauthState(kept) };
}

function isOurs(address: string, allowedOrigins: string[]): boolean {
  if (!URL.canParse(address)) return false;
  const { origin, protocol, username, password } = new URL(address);
  return /^https?:$/.test(protocol) && username === '' && password === '' && allowedOrigins.includes(origin);
}
