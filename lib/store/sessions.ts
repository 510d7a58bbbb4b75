import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { keys } from './keys.ts';
import { getItem, type Consistency, type Table } from './table.ts';

/** One login. `sessionKey` is WeChat's, for open data; it leaves the table only towards the cipher. */
export interface Session {
  sid: string;
  accountId: string;
  appId: string;
  openId: string;
  sessionKey?: string;
  isNewUser: boolean;
  createdAtMs: number;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
}

/** Stores a session; the same `sid` again replaces it. */
export async function putSession({ client, name: TableName }: Table, session: Session): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.session(session.sid), ...session } }));
}

/** The session, unless it ended or was logged out. Strong where a logout must count at once. */
export async function readSession(
  table: Table,
  { sid, nowMs, consistency }: { sid: string; nowMs: number; consistency: Consistency },
): Promise<Session | undefined> {
  const session = await getItem<Session>(table, keys.session(sid), consistency);
  return session && session.expiresAt * 1_000 > nowMs ? session : undefined;
}

/** Ends a session; ending it twice is fine. */
export async function deleteSession({ client, name: TableName }: Table, sid: string): Promise<void> {
  await client.send(new DeleteCommand({ TableName, Key: keys.session(sid) }));
}
