import { AppError, isAppError } from '../core/errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import { clearWechatProfile, readAccount, setWechatProfile } from '../store/accounts.ts';
import { completeIdentitySync, putUnionId, readIdentity, type Identity, type Person } from '../store/identities.ts';
import { putUserToken, readUserToken, type UserToken } from '../store/user-tokens.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { fetchFollowerUnionId } from '../wechat/follower.ts';
import { checkUserToken, fetchOauthProfile, refreshUserToken } from '../wechat/oauth.ts';
import { recordFollow } from './following.ts';
import { wechatProfile } from './profile-values.ts';
import { recognise, type RecogniseDeps } from './recognise.ts';

export type SyncDeps = RecogniseDeps & PlatformDeps & { app: WechatApp; accessToken: TokenOwner };

/** A changed item of the table that requests work: an identity, or the ticket of a scan that was also a follow. */
export interface IdentityChange {
  appId: string;
  openId: string;
  /** Only on a ticket: CreateTime of the push, epoch seconds. */
  followedAt?: number | undefined;
}

/**
 * Errors that make the stream retry, as an unexpected error does. Any other AppError is logged and ends the
 * synchronisation.
 */
const TRANSIENT = new Set<string>(['WECHAT_UNAVAILABLE', 'WECHAT_TIMEOUT', 'RATE_LIMITED']);

/**
 * Does the work that was deferred from a push: stores the follow, looks up the unionid, and refreshes the profile if
 * the user consented. Idempotent.
 * @throws RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT: the stream retries
 */
export async function syncIdentity(deps: SyncDeps, { appId, openId, followedAt }: IdentityChange): Promise<void> {
  if (followedAt !== undefined) {
    await recordFollow(deps, { appId, openId, follows: true, atS: followedAt });
    return;
  }
  const identity = await readIdentity(deps.table, { appId, openId }, 'strong');
  if (identity?.syncRequestedAtMs === undefined || appId !== deps.app.appId) return;
  try {
    await resolveFollower(deps, identity);
    await refreshProfile(deps, identity);
  } catch (error) {
    if (!(error instanceof AppError) || TRANSIENT.has(error.code)) throw error;
    deps.log.error('identity.sync-abandoned', { openId, error });
  }
  await completeIdentitySync(deps.table, identity);
}

/**
 * Looks up the unionid of a follower at WeChat and stores it on the identity. A failure is only logged, because the
 * login works without a unionid.
 */
export async function resolveUnionId(
  { log, load }: Pick<RecogniseDeps, 'log'> & { load: () => Promise<SyncDeps> },
  { appId, openId }: Person,
): Promise<void> {
  try {
    const deps = await load();
    if (appId === deps.app.appId) await fetchUnionId(deps, { appId, openId });
  } catch (error) {
    log.warn('identity.unionid-unresolved', { openId, error });
  }
}

async function resolveFollower(deps: SyncDeps, identity: Identity): Promise<void> {
  const { appId, openId, unionId, accountId, subscribed } = identity;
  if (!subscribed || (unionId !== undefined && accountId !== undefined)) return;
  await recognise(deps, { appId, openId, unionId: unionId ?? (await fetchUnionId(deps, { appId, openId })) });
}

async function fetchUnionId(deps: SyncDeps, { appId, openId }: Person): Promise<string | undefined> {
  const { app } = deps;
  const unionId = await deps.accessToken.withToken((accessToken) =>
    fetchFollowerUnionId(deps, { app, accessToken, openId }),
  );
  if (unionId !== undefined) await putUnionId(deps.table, { appId, openId, unionId });
  return unionId;
}

/**
 * Refreshes the profile from WeChat. Removes the profile when there is no valid user token, because the profile cannot
 * be kept up to date.
 */
async function refreshProfile(deps: SyncDeps, { appId, openId, accountId }: Identity): Promise<void> {
  const account = accountId ? await readAccount(deps.table, accountId, 'strong') : undefined;
  if (!account?.wechatFields) return;
  const token = await validToken(deps, await readUserToken(deps.table, { appId, openId }, deps.now()));
  if (!token) return void (await clearWechatProfile(deps.table, account));
  const profile = await fetchOauthProfile(deps, deps.app, token);
  await setWechatProfile(deps.table, account, wechatProfile(profile));
}

/**
 * Returns a valid user token, refreshed if necessary; undefined when there is no token, or WeChat rejects the refresh
 * token. A user token is valid for two hours, a refresh token for 30 days.
 */
async function validToken(deps: SyncDeps, token: UserToken | undefined): Promise<UserToken | undefined> {
  if (!token) return undefined;
  try {
    await checkUserToken(deps, deps.app, token);
    return token;
  } catch {
    // The check also fails for an expired token, which the refresh below renews.
  }
  try {
    const refreshed = { ...token, ...(await refreshUserToken(deps, deps.app, token.refreshToken)) };
    await putUserToken(deps.table, refreshed);
    return refreshed;
  } catch (error) {
    if (isAppError(error, 'WECHAT_CODE_INVALID')) return undefined;
    throw error;
  }
}
