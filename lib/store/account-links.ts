import {
  allIdsOf,
  isFromWechat,
  PROFILE_FIELDS,
  type Account,
  type EndOfAccount,
  type MergeRecord,
  type PhoneRelease,
  type Profile,
} from './accounts.ts';
import { identityName, personOf, type Identity, type Person } from './identities.ts';
import { keys } from './keys.ts';
import { newIdentity, onRevision, pointTo, writeTogether, type Change } from './link-writes.ts';
import type { Table } from './table.ts';

// An account lists its identifiers (identities, unionids, a phone), and each identifier points to its account. Both
// sides change in one transaction. Every function returns false on a version conflict; the caller then reads the items
// again and decides again.

/** A WeChat user with a unionid. */
export type KnownPerson = Person & { unionId: string };

/**
 * Stores a new account together with the identity that points to it. A unionid must point to the account already.
 * Without a unionid, `unionRequestedAtMs` can request its lookup.
 */
export function createAccount(
  table: Table,
  account: Account,
  person: Person & Pick<Identity, 'unionRequestedAtMs'>,
): Promise<boolean> {
  return writeTogether(table, [
    { put: { ...keys.account(account.id), ...account }, unlessExists: true },
    newIdentity(account, { ...person, registeredAt: account.createdAt }),
  ]);
}

/** Links an identity that has no account to this account. */
export function attachIdentity(table: Table, account: Account, person: KnownPerson): Promise<boolean> {
  return writeTogether(table, [
    newIdentity(account, person),
    onRevision(account, { add: { identities: [identityName(person)] } }),
  ]);
}

/**
 * Links the unionid of an identity to the identity's account, unless the unionid belongs to another account.
 * @param reservedId the id that is reserved for the unionid. A new account can no longer get this id.
 */
export function attachUnion(
  table: Table,
  account: Account,
  { reservedId, nowMs, unionId, ...person }: KnownPerson & { reservedId: string | undefined; nowMs: number },
): Promise<boolean> {
  return writeTogether(table, [
    pointTo(keys.union(unionId), account, { unionId }, reservedId),
    ...(reservedId === undefined ? [] : [blockId(reservedId, account, nowMs)]),
    {
      key: keys.identity(person.appId, person.openId),
      set: { unionId },
      condition: 'accountId = :owner',
      values: { owner: account.id },
    },
    onRevision(account, { add: { unionIds: [unionId] } }),
  ]);
}

/** A phone of an account (E.164), and the attributes that change with it. */
export type BoundPhone = Pick<Account, 'username' | 'sessionsNotBefore' | 'phoneReplacement'> & { phone: string };

/**
 * Links a phone to this account in place of its former phone. Returns false also if another account has the phone, or
 * if the sessions of this account were ended meanwhile.
 */
export function linkPhone(table: Table, account: Account, bound: BoundPhone): Promise<boolean> {
  const { phone } = bound;
  return writeTogether(table, [pointTo(keys.phone(phone), account, { phone }), ...setPhone(account, bound)]);
}

/**
 * Moves a phone from one account to another, where it replaces the former phone. Returns false also if the user of the
 * account `from` was active meanwhile, if one of its wallets holds money, or if the sessions of `to` were ended
 * meanwhile.
 * @param username the new username of `from`
 */
export function movePhone(
  table: Table,
  { from, username, to, bound }: { from: Account; username: string; to: Account; bound: BoundPhone },
): Promise<boolean> {
  const { phone } = bound;
  return writeTogether(table, [
    {
      key: keys.phone(phone),
      set: { phone, accountId: to.id },
      condition: 'accountId = :from',
      values: { from: from.id },
    },
    ...setPhone(to, bound),
    onRevision(from, {
      set: { username, phoneRelease: { reason: 'taken-over', takenOverBy: to.id } satisfies PhoneRelease },
      remove: ['phone'],
      unchanged: ['lastActiveAt'],
    }),
    ...allIdsOf(from).map((id) => ({
      check: keys.wallet(id),
      condition: 'attribute_not_exists(pk) OR balanceFen <= :none',
      values: { none: 0 },
    })),
  ]);
}

/** Removes the phone from this account without another account that takes it. @param username the new username */
export function unlinkPhone(
  table: Table,
  account: Account & { phone: string },
  { username, phoneRelease }: { username: string; phoneRelease: PhoneRelease },
): Promise<boolean> {
  return writeTogether(table, [
    { free: keys.phone(account.phone), from: account },
    onRevision(account, { set: { username, phoneRelease }, remove: ['phone'] }),
  ]);
}

/** Builds the writes that give a phone to an account and free its former phone. */
function setPhone(account: Account, bound: BoundPhone): Change[] {
  const replaced = account.phone !== undefined && account.phone !== bound.phone;
  return [
    onRevision(account, { set: { ...bound }, remove: ['phoneRelease'], unchanged: ['sessionsNotBefore'] }),
    ...(replaced ? [{ free: keys.phone(account.phone!), from: account }] : []),
  ];
}

/**
 * Merges two accounts of one user. Every identifier of `from` then points to `into`, and a merge record remains. Orders
 * stay in their partitions, and `into` lists the former ids. `into` keeps the later activity. The phone is not moved,
 * so `from` must have no phone. Values of the profile that the user entered are kept before values of WeChat.
 *
 * `into` gets the later end of all sessions of both accounts, also for logins that were confirmed before it. An end of
 * `from` therefore ends older sessions of `into` too.
 * @param at ISO 8601
 */
export function mergeAccounts(
  table: Table,
  { into, from, unionId, at }: { into: Account; from: Account; unionId: string; at: string },
): Promise<boolean> {
  const identities = [...(from.identities ?? [])];
  const unionIds = [...new Set([...(from.unionIds ?? []), unionId])];
  const { values, wechatFields } = mergeProfiles(into, from);
  const activities = [into, from].flatMap(({ lastActiveAt = [] }) => lastActiveAt);
  const ends = [into, from].flatMap(({ sessionsNotBefore = [] }) => sessionsNotBefore);
  const unchanged = [...PROFILE_FIELDS, 'pendingAvatar', 'wechatFields', 'lastActiveAt', 'sessionsNotBefore'] as const;
  // A picture that the user of `into` entered is kept before a picture that `from` will show.
  const pendingAvatar = into.pendingAvatar ?? (isFromWechat(into, 'avatarUrl') ? from.pendingAvatar : undefined);
  const record: MergeRecord = { intoId: into.id, fromId: from.id, mergedAt: at, unionId, identities };
  return writeTogether(table, [
    onRevision(into, {
      add: {
        identities,
        unionIds,
        formerIds: [from.id, ...(from.formerIds ?? [])],
      },
      set: {
        ...values,
        pendingAvatar,
        wechatFields: wechatFields.length > 0 ? new Set(wechatFields) : undefined,
        lastActiveAt: activities.toSorted().at(-1),
        sessionsNotBefore: ends.length > 0 ? Math.max(...ends) : undefined,
      },
      remove: wechatFields.length > 0 ? [] : ['wechatFields'],
      unchanged,
    }),
    onRevision(from, { set: { mergedInto: into.id, mergedAt: at }, remove: PERSONAL, unchanged }),
    ...identities.map(personOf).map(({ appId, openId }) => ({
      key: keys.identity(appId, openId),
      set: { accountId: into.id },
      condition: 'accountId = :from',
      values: { from: from.id },
    })),
    ...unionIds.map((id) => ({
      key: keys.union(id),
      set: { unionId: id, accountId: into.id },
      condition: 'attribute_not_exists(pk) OR accountId IN (:into, :from)',
      values: { into: into.id, from: from.id },
    })),
    { put: { ...keys.merge(into.id, from.id), ...record } },
  ]);
}

/** Returns the profile after a merge: values that a user entered before values of WeChat, and values of `into` first. */
function mergeProfiles(into: Account, from: Account): { values: Profile; wechatFields: string[] } {
  const sources = PROFILE_FIELDS.map((field) => {
    const accounts = [into, from].filter((account) => account[field] !== undefined);
    return { field, account: accounts.find((account) => !isFromWechat(account, field)) ?? accounts[0] };
  });
  return {
    values: Object.fromEntries(sources.map(({ field, account }) => [field, account?.[field]])),
    wechatFields: sources.flatMap(({ field, account }) => (account?.wechatFields?.has(field) ? [field] : [])),
  };
}

/**
 * Removes the personal data of an account and frees its identifiers for new accounts.
 * @param at ISO 8601
 */
export function closeAndUnlinkAccount(
  table: Table,
  account: Account,
  at: string,
  closure?: EndOfAccount['closure'],
): Promise<boolean> {
  const { identities = [], unionIds = [], phone } = account;
  const identifierKeys = [
    ...[...identities].map(personOf).map(({ appId, openId }) => keys.identity(appId, openId)),
    ...[...unionIds].map(keys.union),
    ...(phone === undefined ? [] : [keys.phone(phone)]),
  ];
  return writeTogether(table, [
    onRevision(account, { set: { closedAt: at, closure }, remove: PERSONAL }),
    ...identifierKeys.map((key) => ({ free: key, from: account })),
  ]);
}

/** Personal attributes, which a merge or a close removes from an account. */
const PERSONAL = [
  'username',
  'nickname',
  'avatarUrl',
  'pendingAvatar',
  'wechatFields',
  'phone',
  'phoneRelease',
  'phoneReplacement',
  'identities',
  'unionIds',
];

/** Seconds for which an id stays blocked: longer than a login that may still create an account with this id. */
const BLOCK_LIFE_S = 3_600;

/** Builds a write that makes the creation of an account with a reserved id fail. No identifier points to this item. */
function blockId(reservedId: string, into: Account, nowMs: number): Change {
  const expiresAt = Math.floor(nowMs / 1_000) + BLOCK_LIFE_S;
  return { put: { ...keys.account(reservedId), mergedInto: into.id, expiresAt }, unlessExists: true };
}
