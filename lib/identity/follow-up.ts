import { isAppError } from '../errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import { clearWechatProfile, readAccount, setProfile } from '../store/accounts.ts';
import { endFollowUp, readIdentity, type Identity, type Person } from '../store/identities.ts';
import { putUserToken, readUserToken, type UserToken } from '../store/user-tokens.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { fetchFollower } from '../wechat/follower.ts';
import { checkUserToken, fetchOauthProfile, refreshUserToken } from '../wechat/oauth.ts';
import { followChanged } from './following.ts';
import { recognise, type RecogniseDeps } from './recognise.ts';
import { wechatProfile } from './profile.ts';

export type FollowUpDeps = RecogniseDeps & PlatformDeps & { app: WechatApp; accessToken: TokenOwner };

/** Texts of an item of the table that says what is to be done: an identity, or the ticket of a scan that was a follow. */
export interface Due {
  appId: string;
  openId: string;
  /** Only on a ticket. */
  followedAt?: number | undefined;
}

/**
 * What a push asked for and could not wait for: a follow is kept on the identity, WeChat is asked who a new follower is,
 * or what somebody calls themselves now. Doing it twice is harmless.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT: try again later
 */
export async function followUp(deps: FollowUpDeps, { appId, openId, followedAt }: Due): Promise<void> {
  if (followedAt !== undefined) return followChanged(deps, { appId, openId, follows: true, atS: followedAt });
  const identity = await readIdentity(deps.table, { appId, openId }, 'strong');
  if (!identity?.followUp || appId !== deps.app.appId) return;
  if (identity.followUp === 'follower') await learnFollower(deps, identity);
  else await refreshProfile(deps, identity);
  await endFollowUp(deps.table, identity, identity.followUp);
}

/**
 * A person with the unionid that WeChat tells of a follower. When it cannot be asked they stay as they are: a login must
 * not fail for it.
 */
export async function learnUnionId(
  { log, load }: Pick<RecogniseDeps, 'log'> & { load: () => Promise<FollowUpDeps> },
  { appId, openId }: Person,
): Promise<Person> {
  try {
    const deps = await load();
    return { appId, openId, unionId: appId === deps.app.appId ? await unionIdOf(deps, openId) : undefined };
  } catch (error) {
    log.warn('identity.follower-unknown', { openId, error });
    return { appId, openId };
  }
}

async function learnFollower(deps: FollowUpDeps, { appId, openId, unionId, accountId }: Identity): Promise<void> {
  if (unionId !== undefined && accountId !== undefined) return;
  const person = { appId, openId, unionId: await unionIdOf(deps, openId) };
  try {
    await recognise(deps, person);
  } catch (error) {
    // Two accounts that only their owner can make one: they hear of it when they log in.
    if (!isAppError(error, 'IDENTITY_CONFLICT')) throw error;
  }
}

async function unionIdOf(deps: FollowUpDeps, openId: string): Promise<string | undefined> {
  const { app } = deps;
  const follower = await deps.accessToken.withToken((accessToken) => fetchFollower(deps, { app, accessToken, openId }));
  return follower.unionId;
}

/** Without a user token that holds, what we have of the profile is out of date and goes. */
async function refreshProfile(deps: FollowUpDeps, { appId, openId, accountId }: Identity): Promise<void> {
  const account = accountId ? await readAccount(deps.table, accountId, 'strong') : undefined;
  if (account?.profileSource !== 'wechat') return;
  const token = await livingToken(deps, await readUserToken(deps.table, { appId, openId }, deps.now()));
  if (!token) return void (await clearWechatProfile(deps.table, account.id));
  const profile = await fetchOauthProfile(deps, deps.app, token);
  await setProfile(deps.table, account.id, wechatProfile(profile), 'wechat');
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
