import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { createAccount, attachIdentity, attachUnion, mergeAccounts, type KnownPerson } from '../store/account-links.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import {
  identityName,
  isUnionLookupDue,
  readIdentity,
  readUnion,
  requestUnionLookup,
  reserveUnion,
  type Identity,
  type Person,
} from '../store/identities.ts';
import type { Consistency, Table } from '../store/table.ts';
import { newAccount } from './account.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';

export type RecogniseDeps = Pick<Runtime, 'now' | 'sleep' | 'randomBytes' | 'log'> & {
  table: Table;
  /**
   * The official account, whose logins and pushes can lack the unionid of the user. Absent for flows of the mini-program,
   * and where no official account is configured.
   */
  officialAppId?: string | undefined;
};

/**
 * Returns the account of a WeChat user. Finds the account by the openid in this app, or by the unionid, which all apps
 * of one Open Platform account share. Links a unionid that is not linked yet. Merges two accounts when the unionid
 * shows that both belong to one user. Requests the lookup of a missing unionid of a user of the official account, at
 * most once a day; see sync-identity.ts.
 * @param firstRead the consistency of the first attempt; each retry after a version conflict reads strongly
 * @returns undefined when the user has no account
 * @throws IDENTITY_CONFLICT when both of two accounts to merge have a phone
 */
export async function recognise(
  deps: RecogniseDeps,
  person: Person,
  firstRead: Consistency = 'eventual',
): Promise<Account | undefined> {
  const recognised = await retryOnConflict(deps, (attempt) =>
    recogniseOnce(deps, person, attempt === 1 ? firstRead : 'strong'),
  );
  return recognised.account;
}

/**
 * Returns the account of a WeChat user as `recognise` does. Creates an account with a random username if the user has
 * none.
 * @throws IDENTITY_CONFLICT when both of two accounts to merge have a phone
 */
export async function recogniseOrCreate(
  deps: RecogniseDeps,
  person: Person,
): Promise<{ account: Account; isNewUser: boolean }> {
  return retryOnConflict(deps, async (attempt) => {
    const recognised = await recogniseOnce(deps, person, attempt === 1 ? 'eventual' : 'strong');
    if (recognised === VERSION_CONFLICT) return VERSION_CONFLICT;
    if (recognised.account) return { account: recognised.account, isNewUser: false };
    const created = await createOnce(deps, recognised.person, recognised.identity);
    return created === VERSION_CONFLICT ? VERSION_CONFLICT : { account: created, isNewUser: true };
  });
}

/** The account, the identity as it was read, and `person` completed with the stored unionid, if any. */
interface Recognised {
  person: Person;
  identity: Identity | undefined;
  account: Account | undefined;
}

async function recogniseOnce(
  deps: RecogniseDeps,
  person: Person,
  consistency: Consistency,
): Promise<Recognised | typeof VERSION_CONFLICT> {
  const { table } = deps;
  const identity = await readIdentity(table, person, consistency);
  const account = identity?.accountId ? await readAccount(table, identity.accountId, consistency) : undefined;
  if (identity?.accountId && !account) return VERSION_CONFLICT;
  const { unionId = identity?.unionId } = person;
  const completed = { ...person, unionId };
  if (unionId === undefined) {
    if (identity && account && isOfficial(deps, person)) await requestUnionLookup(table, identity, deps.now());
    return { person: completed, identity, account };
  }
  // An identity can have a unionid that is not linked to its account, if both were stored concurrently.
  const isLinked = unionId === identity?.unionId && account?.unionIds?.has(unionId);
  if (isLinked) return { person: completed, identity, account };
  const linked = await linkByUnion(deps, { ...person, unionId }, { account, consistency });
  return linked === VERSION_CONFLICT ? VERSION_CONFLICT : { person: completed, identity, account: linked };
}

/**
 * Links a unionid that the identity did not have, or an identity without an account. The unionid may belong to no
 * account yet, to this account, or to another account. The id of its account may be reserved only, by a first login
 * that is under way or has crashed.
 */
async function linkByUnion(
  deps: RecogniseDeps,
  person: KnownPerson,
  { account, consistency }: { account: Account | undefined; consistency: Consistency },
): Promise<Account | undefined | typeof VERSION_CONFLICT> {
  const { table } = deps;
  const holderId = await readUnion(table, person.unionId, account ? 'strong' : consistency);
  const holder = holderId === undefined ? undefined : await readAccount(table, holderId, 'strong');
  if (!account) {
    if (!holder) return undefined;
    return (await attachIdentity(table, holder, person)) ? holder : VERSION_CONFLICT;
  }
  const current = await readAccount(table, account.id, 'strong');
  if (!current) return VERSION_CONFLICT;
  if (holder && holder.id !== current.id) {
    await merge(deps, [holder, current], person.unionId);
    return VERSION_CONFLICT;
  }
  const reservedId = holder ? undefined : holderId;
  const attached = await attachUnion(table, current, { ...person, reservedId, nowMs: deps.now() });
  return attached ? current : VERSION_CONFLICT;
}

/**
 * Merges two accounts into the account with a phone, otherwise into the older account. Two phones may stand for two
 * users, so a user must decide.
 * @throws IDENTITY_CONFLICT when both accounts have a phone
 */
async function merge(deps: RecogniseDeps, accounts: [Account, Account], unionId: string): Promise<void> {
  const [into, from] = accounts.toSorted(
    (a, b) =>
      Number(b.phone !== undefined) - Number(a.phone !== undefined) ||
      a.createdAt.localeCompare(b.createdAt) ||
      a.id.localeCompare(b.id),
  ) as [Account, Account];
  if (from.phone !== undefined) {
    deps.log.warn('identity.merge-rejected', { accountIds: accounts.map(({ id }) => id) });
    throw new AppError('IDENTITY_CONFLICT', 'You have two accounts with different phones; close one of them first');
  }
  if (await mergeAccounts(deps.table, { into, from, unionId, at: new Date(deps.now()).toISOString() })) {
    deps.log.info('identity.merged', { into: into.id, from: from.id });
  }
}

/**
 * Reserves the id of the account for the unionid, then stores the account and the identity in one transaction. After a
 * crash in between, the next login of the user in any app creates the account with the reserved id. The transaction also
 * requests the lookup of a missing unionid.
 */
async function createOnce(
  { table, ...deps }: RecogniseDeps,
  person: Person,
  identity: Identity = person,
): Promise<Account | typeof VERSION_CONFLICT> {
  const { unionId } = person;
  const fresh = newAccount(deps);
  const account: Account = {
    ...fresh,
    id: unionId === undefined ? fresh.id : await reserveUnion(table, { unionId, accountId: fresh.id }),
    identities: new Set([identityName(person)]),
    ...(unionId !== undefined && { unionIds: new Set([unionId]) }),
  };
  const nowMs = deps.now();
  const isDue = unionId === undefined && isOfficial(deps, person) && isUnionLookupDue(identity, nowMs);
  const linked = { ...person, ...(isDue && { unionRequestedAtMs: nowMs }) };
  return (await createAccount(table, account, linked)) ? account : VERSION_CONFLICT;
}

function isOfficial({ officialAppId }: Pick<RecogniseDeps, 'officialAppId'>, { appId }: Person): boolean {
  return appId === officialAppId;
}
