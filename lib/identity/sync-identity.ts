import { AppError, isAppError } from '../core/errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import { clearWechatProfile, readAccount, setWechatProfile } from '../store/accounts.ts';
import {
  completeRequest,
  isUnionAbsent,
  putUnionAbsence,
  putUnionId,
  readIdentity,
  type Identity,
  type Person,
} from '../store/identities.ts';
import type { Ticket } from '../store/tickets.ts';
import { putUserToken, readUserToken, type UserToken } from '../store/user-tokens.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { fetchFollowerUnionId } from '../wechat/follower.ts';
import { checkUserToken, fetchOauthProfile, refreshUserToken } from '../wechat/oauth.ts';
import { errcodeOf } from '../wechat/platform-error.ts';
import { recordFollow, requestUnionId } from './following.ts';
import { wechatProfile } from './profile-values.ts';
import { recognise, type RecogniseDeps } from './recognise.ts';

export type SyncDeps = RecogniseDeps & PlatformDeps & { app: WechatApp; accessToken: TokenOwner };

/**
 * The work that one change of the table requests: the new requests of an identity, or the scan of a ticket. A request of
 * an earlier change is not repeated when another attribute changes.
 */
export type IdentityChange = Pick<Identity, 'appId' | 'openId' | 'syncRequestedAtMs' | 'unionRequestedAtMs'> &
  Pick<Ticket, 'scannedAt' | 'followedAt' | 'followedBy' | 'followArrivedAtMs'>;

/** Reads the requested work from a changed item, whose strings and numbers are texts. */
export function readIdentityChange(
  item: Record<string, string | undefined>,
  before: Record<string, string | undefined>,
): IdentityChange {
  const { appId = '', openId = '', followedBy, followArrivedAtMs } = item;
  const names = ['syncRequestedAtMs', 'unionRequestedAtMs', 'scannedAt', 'followedAt'] as const;
  const changed = names.filter((name) => item[name] !== undefined && item[name] !== before[name]);
  return {
    appId,
    openId,
    ...(followedBy !== undefined && { followedBy }),
    ...(followArrivedAtMs !== undefined && { followArrivedAtMs: Number(followArrivedAtMs) }),
    ...Object.fromEntries(changed.map((name) => [name, Number(item[name])])),
  };
}

/**
 * Does the work that was deferred from a push or a login: stores the follow, looks up the unionid, and refreshes the
 * profile if the user consented. Idempotent.
 * @throws RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT, and unexpected errors: the stream retries
 */
export async function syncIdentity(deps: SyncDeps, change: IdentityChange): Promise<void> {
  // Tickets of an earlier release have no followedBy.
  const { appId, openId, followedAt: atS, followedBy: pushId = 'ticket', followArrivedAtMs, scannedAt } = change;
  const person = { appId, openId };
  if (appId !== deps.app.appId) return;
  if (atS !== undefined) {
    return recordFollow(deps, { ...person, follows: true, atS, pushId, arrivedAtMs: followArrivedAtMs });
  }
  if (scannedAt !== undefined) return void (await requestUnionId(deps, person));
  const identity = await readIdentity(deps.table, person, 'strong');
  if (!identity) return;
  if (isPending('unionRequestedAtMs', change, identity)) {
    // After a permanent error the request remains, so that the next login, scan or message after a day repeats it.
    await unlessPermanent(deps, identity, () => resolveUnion(deps, identity));
  }
  if (isPending('syncRequestedAtMs', change, identity)) {
    await unlessPermanent(deps, identity, () => refreshProfile(deps, identity));
    await completeRequest(deps.table, identity, 'syncRequestedAtMs');
  }
}

/**
 * Looks up the unionid of a follower at WeChat and stores it on the identity. Makes no call if the last answer of WeChat
 * without a unionid is less than a day old. A failure is only logged, because the login works without a unionid.
 * @returns the unionid, which an eventually consistent read of the identity may miss; undefined if it is unknown
 */
export async function resolveUnionId(
  { table, log, now, loadOfficialAccount }: ResolveDeps,
  { appId, openId }: Person,
): Promise<string | undefined> {
  const person = { appId, openId };
  try {
    const identity: Identity = (await readIdentity(table, person, 'eventual')) ?? person;
    if (identity.unionId !== undefined || isUnionAbsent(identity, now())) return identity.unionId;
    return await askUnionId(await loadOfficialAccount(), identity);
  } catch (error) {
    log.warn('identity.unionid-unresolved', { openId, error });
    return undefined;
  }
}

type ResolveDeps = Pick<RecogniseDeps, 'table' | 'log' | 'now'> & { loadOfficialAccount: () => Promise<SyncDeps> };

/** Whether this change made the request, and the request is still pending. */
function isPending(request: 'syncRequestedAtMs' | 'unionRequestedAtMs', change: IdentityChange, identity: Identity) {
  return change[request] !== undefined && identity[request] !== undefined;
}

/** Errcodes after which the same call can succeed within an hour: a busy WeChat, a changed token, a limit per minute. */
const TRANSIENT_ERRCODES = new Set([-1, 40001, 40014, 42001, 45011]);
/** The same for errors without an errcode. */
const TRANSIENT = new Set<string>(['WECHAT_UNAVAILABLE', 'WECHAT_TIMEOUT', 'RATE_LIMITED']);

/**
 * Runs one part of the work. Logs an error that a retry cannot resolve, so that the stream proceeds with later changes.
 * @throws every other error
 */
async function unlessPermanent(deps: SyncDeps, { openId }: Identity, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isTransient(error)) throw error;
    deps.log.error('identity.sync-abandoned', { openId, error });
  }
}

/** Whether a retry may succeed within an hour. Any other errcode is final, such as an exhausted daily quota. */
function isTransient(error: unknown): boolean {
  const errcode = errcodeOf(error);
  if (errcode !== undefined) return TRANSIENT_ERRCODES.has(errcode);
  return !(error instanceof AppError) || TRANSIENT.has(error.code);
}

/**
 * Links the account by the unionid, and merges two accounts that the unionid joins. Reads strongly, because a login may
 * have created the account during the call to WeChat.
 */
async function resolveUnion(deps: SyncDeps, identity: Identity): Promise<void> {
  const { appId, openId, unionId = await askUnionId(deps, identity) } = identity;
  if (unionId === undefined) return;
  await recognise(deps, { appId, openId, unionId }, 'strong');
  await completeRequest(deps.table, identity, 'unionRequestedAtMs');
}

/** Asks WeChat for the unionid of a user, and stores the answer. */
async function askUnionId(deps: SyncDeps, identity: Identity): Promise<string | undefined> {
  const { appId, openId } = identity;
  const unionId = await deps.accessToken.withToken((accessToken) =>
    fetchFollowerUnionId(deps, { app: deps.app, accessToken, openId }),
  );
  if (unionId === undefined) await putUnionAbsence(deps.table, identity, deps.now());
  else await putUnionId(deps.table, { appId, openId, unionId });
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
