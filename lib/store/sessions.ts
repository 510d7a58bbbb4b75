import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { keys } from './keys.ts';
import { getItem, type Consistency, type Table } from './table.ts';

/** One login. `sessionKey` is WeChat's key for open data. No response contains it. */
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

/** Stores a session in place of an earlier session with the same `sid`. */
export async function putSession({ client, name: TableName }: Table, session: Session): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.session(session.sid), ...session } }));
}

/** Reads a session, or undefined if it has expired or was ended. A strong read sees a logout at once. */
export async function readSession(
  table: Table,
  { sid, nowMs, consistency }: { sid: string; nowMs: number; consistency: Consistency },
): Promise<Session | undefined> {
  const session = await getItem<Session>(table, keys.session(sid), consistency);
  return session && session.expiresAt * 1_000 > nowMs ? session : undefined;
}

/** Ends a session. Ending a session twice succeeds. */
export async function deleteSession({ client, name: TableName }: Table, sid: string): Promise<void> {
  await client.send(new DeleteCommand({ TableName, Key: keys.session(sid) }));
}
