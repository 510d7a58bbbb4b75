import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Person } from './identities.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** The tokens of a user who consented to share the profile (snsapi_userinfo). No response contains them. */
export interface UserToken {
  appId: string;
  openId: string;
  accessToken: string;
  refreshToken: string;
  /** Epoch seconds; the end of the refresh token, and the TTL. */
  expiresAt: number;
}

/** Stores a user token in place of an earlier token. */
export async function putUserToken({ client, name: TableName }: Table, token: UserToken): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.userToken(token.appId, token.openId), ...token } }));
}

/** Reads a user token strongly, or undefined if it is absent or expired. */
export async function readUserToken(
  table: Table,
  { appId, openId }: Person,
  nowMs: number,
): Promise<UserToken | undefined> {
  const token = await getItem<UserToken>(table, keys.userToken(appId, openId), 'strong');
  return token && token.expiresAt * 1_000 > nowMs ? token : undefined;
}

/** Deletes a user token. Deleting an absent token succeeds. */
export async function dropUserToken({ client, name: TableName }: Table, { appId, openId }: Person): Promise<void> {
  await client.send(new DeleteCommand({ TableName, Key: keys.userToken(appId, openId) }));
}
