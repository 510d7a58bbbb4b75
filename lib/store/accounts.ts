import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { transact } from './attempt.ts';
import { keys } from './keys.ts';
import type { Consistency, Table } from './table.ts';

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
export async function readAccount(
  { client, name: TableName }: Table,
  id: string,
  consistency: Consistency = 'eventual',
): Promise<Account | undefined> {
  const { Item } = await client.send(
    new GetCommand({ TableName, Key: keys.account(id), ConsistentRead: consistency === 'strong' }),
  );
  return Item as Account | undefined;
}

/** Who an app's openid is, or undefined. Strong after a write that was refused because the identity exists. */
export async function readIdentity(
  { client, name: TableName }: Table,
  { appId, openId }: Pick<Identity, 'appId' | 'openId'>,
  consistency: Consistency = 'eventual',
): Promise<Identity | undefined> {
  const Key = keys.identity(appId, openId);
  const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: consistency === 'strong' }));
  return Item as Identity | undefined;
}

/** Stores a new account and its first identity together; false when the identity is somebody's already. */
export function createAccount(table: Table, account: Account, identity: Identity): Promise<boolean> {
  const ConditionExpression = 'attribute_not_exists(pk)';
  const put = (Item: Record<string, unknown>) => ({ Put: { TableName: table.name, Item, ConditionExpression } });
  return transact(table, [
    put({ ...keys.identity(identity.appId, identity.openId), ...identity }),
    put({ ...keys.account(account.id), ...account }),
  ]);
}
