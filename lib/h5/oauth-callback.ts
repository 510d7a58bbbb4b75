import { AppError, isAppError } from '../core/errors.ts';
import { CODE_LIFE_S, hashOfCode, sessionOfUsedCode } from '../identity/code-session.ts';
import { openSession, sessionAnswer, type SessionAnswer, type SessionDeps } from '../identity/open-session.ts';
import { wechatProfile } from '../identity/profile-values.ts';
import { recogniseOrCreate } from '../identity/recognise.ts';
import { setWechatProfile, type Account } from '../store/accounts.ts';
import { claim, readClaim } from '../store/claims.ts';
import { putUserToken } from '../store/user-tokens.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import {
  exchangeOauthCode,
  fetchOauthProfile,
  snapshotUser,
  type OauthGrant,
  type OauthProfile,
} from '../wechat/oauth.ts';

export type CallbackDeps = SessionDeps & PlatformDeps & { app: WechatApp };

/**
 * The parameters with which a browser returns. Browsers lose and alter all of them. `signedState` is the value of the
 * cookie that `authorize` set.
 */
export interface Return {
  code: string | undefined;
  state: string | undefined;
  signedState: string | undefined;
}

/** The login in a signed cookie of a browser. */
export interface StartedLogin {
  /** The address of the page that asked for the login. */
  redirect: string;
  /** Whether the browser returned the state of this login; false for an altered state and for that of another login. */
  isReturn: boolean;
}

/** Maximum length of a code that is sent to WeChat. */
const MAX_CODE = 512;

/**
 * Lifetime of a refresh token in seconds.
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsrefreshtoken.html
 */
const REFRESH_TOKEN_LIFE_S = 30 * 24 * 3_600;

/**
 * Exchanges the code of a browser that returns from WeChat for a session. WeChat's browser may send a code twice (back
 * button, preloading); a code sent twice returns the same session. The browser may also return with two codes for one
 * state; both codes log in.
 * @returns the address to which the browser is redirected, and the session
 * @throws FORBIDDEN when this browser did not start the login; SNAPSHOT_USER, WECHAT_CODE_INVALID, WECHAT_USER_BLOCKED,
 * IDENTITY_CONFLICT, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function oauthCallback(
  deps: CallbackDeps,
  { code = '', state, signedState }: Return,
): Promise<{ redirect: string; session: SessionAnswer }> {
  const login = await findStartedLogin(deps, { state, signedState });
  if (!login?.isReturn) {
    throw new AppError('FORBIDDEN', 'This browser did not start this login, or the login has expired; start again');
  }
  if (code === '' || code.length > MAX_CODE) {
    throw new AppError('WECHAT_CODE_INVALID', 'WeChat returned no code, or the user declined; start the login again');
  }
  const { redirect } = login;
  const { appId } = deps.app;
  // The id depends on the state too, so that an attacker who sees a used code cannot get the session of the code.
  const sid = hashOfCode('oauth_code', appId, `${code}\n${state}`);
  const codeHash = hashOfCode('oauth_code', appId, code);
  let grant;
  try {
    grant = await exchangeOauthCode(deps, deps.app, code);
  } catch (error) {
    if (isAppError(error, 'SNAPSHOT_USER')) await rememberSnapshot(deps, sid);
    return { redirect, session: await firstAnswer(deps, { sid, codeHash, error }) };
  }
  const { openId } = grant;
  const profile = grant.profile ? await fetchProfile(deps, grant) : undefined;
  const person = { appId, openId, unionId: grant.unionId ?? profile?.unionId };
  const { account, isNewUser } = await recogniseOrCreate({ ...deps, officialAppId: appId }, person);
  const updated = profile ? await storeProfile(deps, { account, grant, profile }) : account;
  return { redirect, session: await openSession(deps, updated, { sid, appId, openId, isNewUser }) };
}

/**
 * Returns the login that this browser started, without a call to WeChat or the table.
 * @returns undefined when the cookie is missing or has expired, or this service did not sign it
 */
export async function findStartedLogin(
  { tokens }: Pick<CallbackDeps, 'tokens'>,
  { state, signedState }: Pick<Return, 'state' | 'signedState'>,
): Promise<StartedLogin | undefined> {
  if (signedState === undefined) return undefined;
  try {
    const started = await tokens.verifyOauthState(signedState);
    return { redirect: started.redirect, isReturn: started.state === state };
  } catch (error) {
    if (isAppError(error, 'UNAUTHENTICATED')) return undefined;
    throw error;
  }
}

/** Fetches the profile. Returns undefined when the call fails, because the login works without a profile. */
async function fetchProfile(deps: CallbackDeps, grant: OauthGrant): Promise<OauthProfile | undefined> {
  try {
    return await fetchOauthProfile(deps, deps.app, grant);
  } catch (error) {
    deps.log.warn('oauth.profile-unavailable', { error });
    return undefined;
  }
}

/**
 * Stores the profile, except for values that the user entered. Also stores the user token, because a later refresh of
 * the profile needs it.
 */
async function storeProfile(
  { table, now, app }: CallbackDeps,
  { account, grant, profile }: { account: Account; grant: OauthGrant; profile: OauthProfile },
): Promise<Account> {
  const { openId, accessToken, refreshToken } = grant;
  const expiresAt = Math.floor(now() / 1_000) + REFRESH_TOKEN_LIFE_S;
  await putUserToken(table, { appId: app.appId, openId, accessToken, refreshToken, expiresAt });
  return (await setWechatProfile(table, account, wechatProfile(profile))) ?? account;
}

/**
 * Returns the answer of the first request with this code.
 * @throws SNAPSHOT_USER when the first request got that error; `error` when the code opened no session
 */
async function firstAnswer(
  deps: CallbackDeps,
  { sid, codeHash, error }: { sid: string; codeHash: string; error: unknown },
): Promise<SessionAnswer> {
  if (await readClaim(deps.table, snapshotOf(sid), deps.now())) throw snapshotUser();
  const { account, session } = await sessionOfUsedCode(deps, { sid, codeHash, error });
  return sessionAnswer(deps, account, session);
}

/**
 * Records that this code belongs to a snapshot user, for a repeated request. Nothing else is stored, because a snapshot
 * user has no lasting identity.
 */
async function rememberSnapshot({ table, now }: CallbackDeps, sid: string): Promise<void> {
  const expiresAt = Math.floor(now() / 1_000) + CODE_LIFE_S;
  await claim(table, { ...snapshotOf(sid), value: sid, expiresAt }, now());
}

function snapshotOf(sid: string): { source: string; id: string } {
  return { source: 'oauth-snapshot', id: sid };
}
