import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { LIVING, PROFILE_FIELDS, type Account, type MergeRecord } from './accounts.ts';
import { transact } from './attempt.ts';
import { identityName, personOf, type Identity, type Person } from './identities.ts';
import { keys, type Key } from './keys.ts';
import type { Table } from './table.ts';

// An account lists its identifiers (identities, unionids, a phone), and each identifier points to its account. Both
// sides change in one transaction. Every function returns false on a version conflict; the caller then reads the items
// again and decides again.

/** A WeChat user with a unionid. */
export type KnownPerson = Person & { unionId: string };

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** Links a new user's openid and unionid to a freshly created account. */
export function linkNewAccount(table: Table, account: Account, person: Person): Promise<boolean> {
  const union =
    person.unionId === undefined ? [] : [pointTo(keys.union(person.unionId), account, { unionId: person.unionId })];
  const identity = newIdentity(account, { ...person, registeredAt: account.createdAt });
  return write(table, [identity, ...union]);
}

/** Links an identity that has no account to this account. */
export function attachIdentity(table: Table, account: Account, person: KnownPerson): Promise<boolean> {
  return write(table, [
    newIdentity(account, person),
    onRevision(account, { add: { identities: [identityName(person)] } }),
  ]);
}

/** Links the unionid of an identity to the identity's account, unless the unionid belongs to another account. */
export function attachUnion(table: Table, account: Account, { unionId, ...person }: KnownPerson): Promise<boolean> {
  return write(table, [
    pointTo(keys.union(unionId), account, { unionId }),
    {
      key: keys.identity(person.appId, person.openId),
      set: { unionId },
      condition: 'accountId = :owner',
      values: { owner: account.id },
    },
    onRevision(account, { add: { unionIds: [unionId] } }),
  ]);
}

/** Links a phone to this account in place of its former phone. Returns false also if another account has the phone. */
export function linkPhone(
  table: Table,
  account: Account,
  { phone, username }: { phone: string; username: string },
): Promise<boolean> {
  const replaced = account.phone !== undefined && account.phone !== phone;
  return write(table, [
    pointTo(keys.phone(phone), account, { phone }),
    onRevision(account, { set: { phone, username } }),
    ...(replaced ? [{ free: keys.phone(account.phone!), from: account }] : []),
  ]);
}

/**
 * Merges two accounts of one user. Every identifier of `from` then points to `into`, and a merge record remains. Orders
 * stay in their partitions, and `into` lists the former ids. The phone is not moved, so `from` must have no phone.
 * @param at ISO 8601
 */
export function mergeAccounts(
  table: Table,
  { into, from, unionId, at }: { into: Account; from: Account; unionId: string; at: string },
): Promise<boolean> {
  const identities = [...(from.identities ?? [])];
  const unionIds = [...new Set([...(from.unionIds ?? []), unionId])];
  const copiedFields = PROFILE_FIELDS.filter((field) => into[field] === undefined && from[field] !== undefined);
  const record: MergeRecord = { intoId: into.id, fromId: from.id, mergedAt: at, unionId, identities };
  return write(table, [
    onRevision(into, {
      add: {
        identities,
        unionIds,
        formerIds: [from.id, ...(from.formerIds ?? [])],
        wechatFields: copiedFields.filter((field) => from.wechatFields?.has(field)),
      },
      set: Object.fromEntries(copiedFields.map((field) => [field, from[field]])),
      unless: copiedFields,
    }),
    onRevision(from, { set: { mergedInto: into.id, mergedAt: at }, remove: PERSONAL }),
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

/** Removes the personal data of an account and frees its identifiers for new accounts. @param at ISO 8601 */
export function closeAndUnlinkAccount(table: Table, account: Account, at: string): Promise<boolean> {
  const { identities = [], unionIds = [], phone } = account;
  const identifierKeys = [
    ...[...identities].map(personOf).map(({ appId, openId }) => keys.identity(appId, openId)),
    ...[...unionIds].map(keys.union),
    ...(phone === undefined ? [] : [keys.phone(phone)]),
  ];
  return write(table, [
    onRevision(account, { set: { closedAt: at }, remove: PERSONAL }),
    ...identifierKeys.map((key) => ({ free: key, from: account })),
  ]);
}

/** Personal attributes, which a merge or a close removes from an account. */
const PERSONAL = ['username', 'nickname', 'avatarUrl', 'wechatFields', 'phone', 'identities', 'unionIds'];

interface Update {
  key: Key;
  set?: Record<string, unknown>;
  add?: Record<string, string[]>;
  remove?: string[];
  condition: string;
  /** Values of the condition. */
  values?: Record<string, unknown>;
}

type Change = Update | { put: Record<string, unknown> } | { free: Key; from: Account };

/**
 * Builds a change of the account under optimistic locking on `revision`. The change also fails if an attribute of
 * `unless` exists.
 */
function onRevision(
  { id, revision }: Account,
  { unless = [], ...change }: Omit<Update, 'key' | 'condition' | 'values'> & { unless?: string[] },
): Update {
  const absent = unless.map((name) => ` AND attribute_not_exists(${name})`).join('');
  return {
    ...change,
    key: keys.account(id),
    set: { ...change.set, revision: revision + 1 },
    condition: `${LIVING} AND revision = :seen${absent}`,
    values: { seen: revision },
  };
}

function newIdentity({ id }: Account, person: Person & Pick<Identity, 'registeredAt'>): Update {
  return {
    key: keys.identity(person.appId, person.openId),
    set: { ...person, accountId: id },
    condition: 'attribute_not_exists(accountId)',
  };
}

/** Builds a write that points an identifier to this account, unless it points to another account. */
function pointTo(key: Key, { id }: Account, set: Record<string, unknown>): Update {
  const condition = 'attribute_not_exists(pk) OR accountId = :owner';
  return { key, set: { ...set, accountId: id }, condition, values: { owner: id } };
}

function write(table: Table, changes: Change[]): Promise<boolean> {
  return transact(
    table,
    changes.map((change) => itemOf(table.name, change)),
  );
}

function itemOf(TableName: string, change: Change): TransactItem {
  if ('put' in change) return { Put: { TableName, Item: change.put } };
  if ('free' in change) {
    return {
      Delete: {
        TableName,
        Key: change.free,
        ConditionExpression: 'attribute_not_exists(pk) OR accountId = :owner',
        ExpressionAttributeValues: { ':owner': change.from.id },
      },
    };
  }
  return { Update: { TableName, Key: change.key, ConditionExpression: change.condition, ...expressionOf(change) } };
}

function expressionOf({ set = {}, add = {}, remove = [], values = {} }: Update) {
  const assigned = Object.entries(set).filter(([, value]) => value !== undefined);
  const sets = Object.entries(add).flatMap(([name, list]) => (list.length > 0 ? [[name, new Set(list)] as const] : []));
  const parts = [
    `SET ${assigned.map(([name]) => `${name} = :to_${name}`).join(', ')}`,
    ...(sets.length > 0 ? [`ADD ${sets.map(([name]) => `${name} :to_${name}`).join(', ')}`] : []),
    ...(remove.length > 0 ? [`REMOVE ${remove.join(', ')}`] : []),
  ];
  return {
    UpdateExpression: parts.join(' '),
    ExpressionAttributeValues: {
      ...Object.fromEntries([...assigned, ...sets].map(([name, value]) => [`:to_${name}`, value])),
      ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value])),
    },
  };
}
