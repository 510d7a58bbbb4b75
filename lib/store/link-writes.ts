import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { LIVING, type Account, type Profile } from './accounts.ts';
import { transact } from './attempt.ts';
import type { Identity, Person } from './identities.ts';
import { keys, type Key } from './keys.ts';
import type { Table } from './table.ts';

// Builders of the writes of account-links.ts.

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** A conditional update of one item. */
interface Update {
  key: Key;
  set?: Record<string, unknown>;
  add?: Record<string, string[]>;
  remove?: string[];
  condition: string;
  /** Values of the condition. */
  values?: Record<string, unknown>;
}

/** A condition on an item that is not written. */
interface Check {
  check: Key;
  condition: string;
  values: Record<string, unknown>;
}

/** One write of a transaction, or a check of an item. */
export type Change =
  Update | Check | { put: Record<string, unknown>; unlessExists?: boolean } | { free: Key; from: Account };

/** A change of an account. */
interface AccountChange extends Pick<Update, 'set' | 'add' | 'remove'> {
  /** Attributes that change without the revision, and must have the values that were read. */
  unchanged?: readonly (keyof Profile | 'pendingAvatar' | 'wechatFields' | 'lastActiveAt' | 'sessionsNotBefore')[];
}

/** Builds a change of a living account under optimistic locking on `revision`. */
export function onRevision(account: Account, { unchanged = [], ...change }: AccountChange): Update {
  const { id, revision } = account;
  const present = unchanged.filter((name) => account[name] !== undefined);
  const absent = unchanged.filter((name) => account[name] === undefined);
  const conditions = [
    LIVING,
    'revision = :seen',
    ...present.map((name) => `${name} = :seen_${name}`),
    ...absent.map((name) => `attribute_not_exists(${name})`),
  ];
  return {
    ...change,
    key: keys.account(id),
    set: { ...change.set, revision: revision + 1 },
    condition: conditions.join(' AND '),
    values: { seen: revision, ...Object.fromEntries(present.map((name) => [`seen_${name}`, account[name]])) },
  };
}

/**
 * Builds a write that points an identity without an account to this account. Without a unionid the write fails if the
 * identity has one by now, because no account would be linked to that unionid.
 */
export function newIdentity(
  { id }: Account,
  person: Person & Pick<Identity, 'registeredAt' | 'unionRequestedAtMs'>,
): Update {
  const absent = ['accountId', ...(person.unionId === undefined ? ['unionId'] : [])];
  return {
    key: keys.identity(person.appId, person.openId),
    set: { ...person, accountId: id },
    condition: absent.map((name) => `attribute_not_exists(${name})`).join(' AND '),
  };
}

/** Builds a write that points an identifier to this account, unless it points to an account other than `from`. */
export function pointTo(key: Key, { id }: Account, set: Record<string, unknown>, from = id): Update {
  const condition = 'attribute_not_exists(pk) OR accountId IN (:owner, :from)';
  return { key, set: { ...set, accountId: id }, condition, values: { owner: id, from } };
}

/** Writes all changes, or none if a condition fails. */
export function writeTogether(table: Table, changes: Change[]): Promise<boolean> {
  return transact(
    table,
    changes.map((change) => itemOf(table.name, change)),
  );
}

function itemOf(TableName: string, change: Change): TransactItem {
  if ('put' in change) {
    const { put: Item, unlessExists = false } = change;
    return { Put: { TableName, Item, ...(unlessExists && { ConditionExpression: 'attribute_not_exists(pk)' }) } };
  }
  if ('check' in change) {
    const { check: Key, condition: ConditionExpression, values } = change;
    return { ConditionCheck: { TableName, Key, ConditionExpression, ExpressionAttributeValues: valuesOf(values) } };
  }
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
      ...valuesOf(values),
    },
  };
}

function valuesOf(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]));
}
