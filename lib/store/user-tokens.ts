import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Person } from './identities.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** What somebody gave us by agreeing to show their profile (snsapi_userinfo). Never sent to a client. */
export interface UserToken {
  appId: string;
  openId: string;
  accessToken: string;
  refreshToken: string;
  /** Epoch seconds; when the refresh token ends, and the TTL. */
  expiresAt: number;
}

/** Stores a user token, in place of the one before. */
export async function putUserToken({ client, name: TableName }: Table, token: UserToken): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.userToken(token.appId, token.openId), ...token } }));
}

/** The living user token, or undefined. */
export async function readUserToken(
  table: Table,
  { appId, openId }: Person,
  nowMs: number,
): Promise<UserToken | undefined> {
  const token = await getItem<UserToken>(table, keys.userToken(appId, openId), 'strong');
  return token && token.expiresAt * 1_000 > nowMs ? token : undefined;
}

/** Drops a user token; dropping none is fine. */
export async function dropUserToken({ client, name: TableName }: Table, { appId, openId }: Person): Promise<void> {
  await client.send(new DeleteCommand({ TableName, Key: keys.userToken(appId, openId) }));
}
