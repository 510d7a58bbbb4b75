import { AppError } from '../core/errors.ts';
import { withoutLoginError } from '../core/login-error.ts';
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

/**
 * The redirect of a browser to the consent page. The browser keeps `signedState` in a cookie until the
 * login has ended.
 */
export interface Departure {
  location: string;
  state: string;
  signedState: string;
}

/** Maximum length of a redirect address in JSON. The signed state must fit into a cookie, which may have 4 KB. */
const MAX_REDIRECT = 2_000;

/** The path to which WeChat returns the browser. */
export const CALLBACK_PATH = '/oauth/callback';

/**
 * Prepares the redirect of a browser inside WeChat to the consent page.
 *
 * A `state` is valid only together with the cookie of the same browser. A link from an attacker therefore cannot log
 * another user in to the account of the attacker.
 * @param redirect the address after the login, without the `login_error` of an earlier login. Its origin must equal one
 * of ALLOWED_ORIGINS.
 * @throws PARAM_ERROR when `redirect` is too long or not on an allowed origin
 * @see https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
 */
export async function authorize(
  { tokens, randomBytes, ...deps }: AuthorizeDeps,
  { redirect, scope }: { redirect: string; scope: OauthScope },
): Promise<Departure> {
  if (!isAllowed(redirect, deps.allowedOrigins)) {
    throw invalidRedirect('must be an address on an origin of ALLOWED_ORIGINS');
  }
  const page = withoutLoginError(new URL(redirect).href);
  if (JSON.stringify(page).length > MAX_REDIRECT) throw invalidRedirect(`must have at most ${MAX_REDIRECT} characters`);
  const oauthState: OauthState = { state: randomBytes(16).toString('hex'), redirect: page };
  const redirectUri = deps.publicBaseUrl + CALLBACK_PATH;
  const location = authorizeUrl(deps.openBaseUrl, { appId: deps.appId, redirectUri, scope, state: oauthState.state });
  return { location, state: oauthState.state, signedState: await tokens.signOauthState(oauthState) };
}

function isAllowed(address: string, allowedOrigins: string[]): boolean {
  if (!URL.canParse(address)) return false;
  const { origin, protocol, username, password } = new URL(address);
  return /^https?:$/.test(protocol) && username === '' && password === '' && allowedOrigins.includes(origin);
}

function invalidRedirect(expected: string): AppError {
  return new AppError('PARAM_ERROR', `redirect: ${expected}`, { detail: { field: 'query.redirect' } });
}
