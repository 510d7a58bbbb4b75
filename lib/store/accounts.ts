import type { Runtime } from '../runtime.ts';
import { transact } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Consistency, type Table } from './table.ts';

/** A person. `phone` is E.164 and absent until one is bound; `createdAt` is ISO 8601. */
export interface Account {
  id: string;
  username: string;
  createdAt: string;
  nickname?: string;
  avatarUrl?: string;
  phone?: string;
}

/** One app's name for a person: the same person has another openid in every app. */
export interface Identity {
  appId: string;
  openId: string;
  accountId: string;
  unionId?: string;
  createdAt: string;
}

/** The account, or undefined. */
export function readAccount(table: Table, id: string, consistency: Consistency): Promise<Account | undefined> {
  return getItem(table, keys.account(id), consistency);
}

/** Who an app's openid is, or undefined. Strong after a write that was refused because the identity exists. */
export function readIdentity(
  table: Table,
  { appId, openId }: Pick<Identity, 'appId' | 'openId'>,
  consistency: Consistency,
): Promise<Identity | undefined> {
  return getItem(table, keys.identity(appId, openId), consistency);
}

/** Stores a new account and its first identity together; false when the identity is somebody's already. */
export function createAccount(
  deps: Pick<Runtime, 'sleep' | 'randomBytes'> & { table: Table },
  account: Account,
  identity: Identity,
): Promise<boolean> {
  const { table } = deps;
  const ConditionExpression = 'attribute_not_exists(pk)';
  const put = (Item: Record<string, unknown>) => ({ Put: { TableName: table.name, Item, ConditionExpression } });
  const items = [
    put({ ...keys.identity(identity.appId, identity.openId), ...identity }),
    put({ ...keys.account(account.id), ...account }),
  ];
  return transact(table, items, deps);
}
