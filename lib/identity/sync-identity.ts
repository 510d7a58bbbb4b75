import { AppError, isAppError } from '../core/errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import { clearWechatProfile, readAccount, takeWechatProfile } from '../store/accounts.ts';
import { endFollowUp, keepUnionId, readIdentity, type Identity, type Person } from '../store/identities.ts';
import { putUserToken, readUserToken, type UserToken } from '../store/user-tokens.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { fetchFollowerUnionId } from '../wechat/follower.ts';
import { checkUserToken, fetchOauthProfile, refreshUserToken } from '../wechat/oauth.ts';
import { followChanged } from './following.ts';
import { recognise, type RecogniseDeps } from './recognise.ts';
import { wechatProfile } from './update-profile.ts';

export type FollowUpDeps = RecogniseDeps & PlatformDeps & { app: WechatApp; accessToken: TokenOwner };

/** What an item of the table says is to be done: an identity, or the ticket of a scan that was a follow. */
export interface Due {
  appId: string;
  openId: string;
  /** Only on a ticket: CreateTime of the push, epoch seconds. */
  followedAt?: number | undefined;
}

/** Trying later may help; anything else is said once in the log, and a login asks again by itself. */
const PASSING = new Set<string>(['WECHAT_UNAVAILABLE', 'WECHAT_TIMEOUT', 'RATE_LIMITED']);

/**
 * What a push asked for and could not wait for: a follow is kept on the identity, WeChat is asked who a new follower is,
 * and what somebody calls themselves now who once let us see it. Doing it twice is harmless.
 * @throws RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT: try again later
 */
export async function followUp(deps: FollowUpDeps, { appId, openId, followedAt }: Due): Promise<void> {
  if (followedAt !== undefined) {
    await followChanged(deps, { appId, openId, follows: true, atS: followedAt });
    return;
  }
  const identity = await readIdentity(deps.table, { appId, openId }, 'strong');
  if (identity?.followUpAt === undefined || appId !== deps.app.appId) return;
  try {
    await learnFollower(deps, identity);
    await refreshProfile(deps, identity);
  } catch (error) {
    if (!(error instanceof AppError) || PASSING.has(error.code)) throw error;
    deps.log.error('identity.follow-up-given-up', { openId, error });
  }
  await endFollowUp(deps.table, identity);
}

/**
 * Asks WeChat for the unionid of a follower, and keeps it on their identity. When it cannot be asked they stay as they
 * are: a login must not fail for it.
 */
export async function learnUnionId(
  { log, load }: Pick<RecogniseDeps, 'log'> & { load: () => Promise<FollowUpDeps> },
  { appId, openId }: Person,
): Promise<void> {
  try {
    const deps = await load();
    if (appId === deps.app.appId) await fetchUnionId(deps, { appId, openId });
  } catch (error) {
    log.warn('identity.follower-unknown', { openId, error });
  }
}

async function learnFollower(deps: FollowUpDeps, identity: Identity): Promise<void> {
  const { appId, openId, unionId, accountId, subscribed } = identity;
  if (!subscribed || (unionId !== undefined && accountId !== undefined)) return;
  await recognise(deps, { appId, openId, unionId: unionId ?? (await fetchUnionId(deps, { appId, openId })) });
}

async function fetchUnionId(deps: FollowUpDeps, { appId, openId }: Person): Promise<string | undefined> {
  const { app } = deps;
  const unionId = await deps.accessToken.withToken((accessToken) =>
    fetchFollowerUnionId(deps, { app, accessToken, openId }),
  );
  if (unionId !== undefined) await keepUnionId(deps.table, { appId, openId, unionId });
  return unionId;
}

/** Without a user token that holds, what WeChat once showed us is out of date and goes. */
async function refreshProfile(deps: FollowUpDeps, { appId, openId, accountId }: Identity): Promise<void> {
  const account = accountId ? await readAccount(deps.table, accountId, 'strong') : undefined;
  if (!account?.wechatFields) return;
  const token = await livingToken(deps, await readUserToken(deps.table, { appId, openId }, deps.now()));
  if (!token) return void (await clearWechatProfile(deps.table, account));
  const profile = await fetchOauthProfile(deps, deps.app, token);
  await takeWechatProfile(deps.table, account, wechatProfile(profile));
}

/** User tokens live two hours; the refresh token makes new ones for a month. */
async function livingToken(deps: FollowUpDeps, token: UserToken | undefined): Promise<UserToken | undefined> {
  if (!token) return undefined;
  try {
    await checkUserToken(deps, deps.app, token);
    return token;
  } catch {
    // It has ended, or is not this person's any more: the next call says which.
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
