import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { LIVING, PROFILE_FIELDS, type Account, type MergeRecord } from './accounts.ts';
import { transact } from './attempt.ts';
import { identityName, personOf, type Identity, type Person } from './identities.ts';
import { keys, type Key } from './keys.ts';
import type { Table } from './table.ts';

// An account lists its identifiers (identities, unionids, a phone), and each identifier points to its account. Both sides
// change in one transaction. Every function returns false on a version conflict: read again and decide again.

/** A person whose unionid is known. */
export type KnownPerson = Person & { unionId: string };

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** Links a new user's openid and unionid to a freshly created account. */
export function linkNewAccount(table: Table, account: Account, person: Person): Promise<boolean> {
  const union =
    person.unionId === undefined ? [] : [pointTo(keys.union(person.unionId), account, { unionId: person.unionId })];
  const identity = newIdentity(account, { ...person, registeredAt: account.createdAt });
  return write(table, [identity, ...union]);
}

/** Links an identity without an account to this account. */
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
      condition: 'accountId = :of',
      values: { of: account.id },
    },
    onRevision(account, { add: { unionIds: [unionId] } }),
  ]);
}

/** Links a phone to this account, replacing the former phone; false also when the phone belongs to another account. */
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
 * Merges two accounts of one user: every identifier of `from` points to `into`, and a merge record remains. Orders stay in
 * their partitions, and `into` lists the former ids. A phone of `from` is lost, so choose `into` accordingly.
 */
export function mergeAccounts(
  table: Table,
  { into, from, unionId, at }: { into: Account; from: Account; unionId: string; at: string },
): Promise<boolean> {
  const identities = [...(from.identities ?? [])];
  const unionIds = [...new Set([...(from.unionIds ?? []), unionId])];
  const taken = PROFILE_FIELDS.filter((field) => into[field] === undefined && from[field] !== undefined);
  const record: MergeRecord = { intoId: into.id, fromId: from.id, mergedAt: at, unionId, identities };
  return write(table, [
    onRevision(into, {
      add: {
        identities,
        unionIds,
        formerIds: [from.id, ...(from.formerIds ?? [])],
        wechatFields: taken.filter((field) => from.wechatFields?.has(field)),
      },
      set: Object.fromEntries(taken.map((field) => [field, from[field]])),
      unless: taken,
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

/** Empties an account, and frees its identifiers for new accounts. */
export function closeAndUnlinkAccount(table: Table, account: Account, at: string): Promise<boolean> {
  const { identities = [], unionIds = [], phone } = account;
  const led = [
    ...[...identities].map(personOf).map(({ appId, openId }) => keys.identity(appId, openId)),
    ...[...unionIds].map(keys.union),
    ...(phone === undefined ? [] : [keys.phone(phone)]),
  ];
  return write(table, [
    onRevision(account, { set: { closedAt: at }, remove: PERSONAL }),
    ...led.map((key) => ({ free: key, from: account })),
  ]);
}

/** Personal attributes: none of them remains in a merged or closed account. */
const PERSONAL = ['username', 'nickname', 'avatarUrl', 'wechatFields', 'phone', 'identities', 'unionIds'];

interface Update {
  key: Key;
  set?: Record<string, unknown>;
  add?: Record<string, string[]>;
  remove?: string[];
  condition: string;
  /** Of the condition. */
  values?: Record<string, unknown>;
}

type Change = Update | { put: Record<string, unknown> } | { free: Key; from: Account };

/**
 * A change of the account under optimistic locking on `revision`. It also fails when an attribute of `unless` exists by
 * now.
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

/** Points an identifier to this account, unless it points to another account. */
function pointTo(key: Key, { id }: Account, set: Record<string, unknown>): Update {
  const condition = 'attribute_not_exists(pk) OR accountId = :of';
  return { key, set: { ...set, accountId: id }, condition, values: { of: id } };
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
        ConditionExpression: 'attribute_not_exists(pk) OR accountId = :of',
        ExpressionAttributeValues: { ':of': change.from.id },
      },
    };
  }
  return { Update: { TableName, Key: change.key, ConditionExpression: change.condition, ...expressionOf(change) } };
}

function expressionOf({ set = {}, add = {}, remove = [], values = {} }: Update) {
  const given = Object.entries(set).filter(([, value]) => value !== undefined);
  const sets = Object.entries(add).flatMap(([name, list]) => (list.length > 0 ? [[name, new Set(list)] as const] : []));
  const parts = [
    `SET ${given.map(([name]) => `${name} = :to_${name}`).join(', ')}`,
    ...(sets.length > 0 ? [`ADD ${sets.map(([name]) => `${name} :to_${name}`).join(', ')}`] : []),
    ...(remove.length > 0 ? [`REMOVE ${remove.join(', ')}`] : []),
  ];
  return {
    UpdateExpression: parts.join(' '),
    ExpressionAttributeValues: {
      ...Object.fromEntries([...given, ...sets].map(([name, value]) => [`:to_${name}`, value])),
      ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value])),
    },
  };
}
