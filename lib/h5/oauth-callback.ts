import { AppError, isAppError } from '../core/errors.ts';
import { CODE_LIFE_S, sessionIdOfCode, sessionOfUsedCode } from '../identity/code-session.ts';
import { openSession, sessionAnswer, type SessionAnswer, type SessionDeps } from '../identity/open-session.ts';
import { wechatProfile } from '../identity/update-profile.ts';
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

/** What the browser brings back; `kept` is what `authorize` gave it. */
export interface Return {
  code: string;
  state: string;
  kept: string | undefined;
}

/** Seconds that a refresh token lives (platform 6.1). */
const REFRESH_TOKEN_LIFE_S = 30 * 24 * 3_600;

/**
 * Exchanges the code of a browser that returns from WeChat for a session. WeChat's browser may send a code twice (back
 * button, preloading): the same code sent twice gets the same session.
 * @returns the address that the browser goes to, and the session
 * @throws FORBIDDEN when this browser did not start the login; SNAPSHOT_USER, WECHAT_CODE_INVALID, IDENTITY_CONFLICT,
 * RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function oauthCallback(
  deps: CallbackDeps,
  { code, state, kept }: Return,
): Promise<{ redirect: string; session: SessionAnswer }> {
  const redirect = await redirectOf(deps, state, kept);
  const { appId } = deps.app;
  // With the state, or whoever sees a used code could ask for its session from a browser of their own.
  const sid = sessionIdOfCode('oauth_code', appId, `${code}\n${state}`);
  let grant;
  try {
    grant = await exchangeOauthCode(deps, deps.app, code);
  } catch (error) {
    if (isAppError(error, 'SNAPSHOT_USER')) await rememberSnapshot(deps, sid);
    return { redirect, session: await firstAnswer(deps, sid, error) };
  }
  const { openId } = grant;
  const profile = grant.profile ? await profileOf(deps, grant) : undefined;
  const person = { appId, openId, unionId: grant.unionId ?? profile?.unionId };
  const { account, isNewUser } = await recogniseOrCreate(deps, person);
  const named = profile ? await takeProfile(deps, { account, grant, profile }) : account;
  return { redirect, session: await openSession(deps, named, { sid, appId, openId, isNewUser }) };
}

/** Where the browser that asked for this `state` wanted to go. @throws FORBIDDEN */
async function redirectOf({ tokens }: CallbackDeps, state: string, kept: string | undefined): Promise<string> {
  try {
    const asked = await tokens.verifyOauthState(kept ?? '');
    if (asked.state === state) return asked.redirect;
  } catch (error) {
    if (!isAppError(error, 'UNAUTHENTICATED')) throw error;
  }
  throw new AppError('FORBIDDEN', 'This browser did not ask to log in, or too long ago: begin again');
}

/** Name and picture are nice to have: without them the login goes on. */
async function profileOf(deps: CallbackDeps, grant: OauthGrant): Promise<OauthProfile | undefined> {
  try {
    return await fetchOauthProfile(deps, deps.app, grant);
  } catch (error) {
    deps.log.warn('oauth.no-profile', { error });
    return undefined;
  }
}

/** What somebody calls themselves here stays; the tokens are kept, to ask again when WeChat says that it changed. */
async function takeProfile(
  { table, now, app }: CallbackDeps,
  { account, grant, profile }: { account: Account; grant: OauthGrant; profile: OauthProfile },
): Promise<Account> {
  const { openId, accessToken, refreshToken } = grant;
  const expiresAt = Math.floor(now() / 1_000) + REFRESH_TOKEN_LIFE_S;
  await putUserToken(table, { appId: app.appId, openId, accessToken, refreshToken, expiresAt });
  return setWechatProfile(table, account, wechatProfile(profile));
}

/** Returns the answer of the first request with this code. @throws SNAPSHOT_USER again, or `error` when there is none */
async function firstAnswer(deps: CallbackDeps, sid: string, error: unknown): Promise<SessionAnswer> {
  if (await readClaim(deps.table, snapshotOf(sid), deps.now())) throw snapshotUser();
  const { account, session } = await sessionOfUsedCode(deps, { kind: 'oauth_code', sid, error });
  return sessionAnswer(deps, account, session);
}

/** A snapshot user is nobody: that this code was one's is remembered, and nothing else. */
async function rememberSnapshot({ table, now }: CallbackDeps, sid: string): Promise<void> {
  const expiresAt = Math.floor(now() / 1_000) + CODE_LIFE_S;
  await claim(table, { ...snapshotOf(sid), value: sid, expiresAt }, now());
}

function snapshotOf(sid: string): { source: string; id: string } {
  return { source: 'oauth-snapshot', id: sid };
}
