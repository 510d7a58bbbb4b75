import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { runtime } from '../core/runtime.ts';
import { attempt } from './attempt.ts';
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
  /** Time of the login at WeChat. A session that replaces another one, with a new token, keeps this time. */
  loginAtMs: number;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
}

/** A session, or the record of its revocation. */
type StoredSession = Session & { revokedAtMs?: number };

/**
 * Stores a session in place of an earlier session with the same `sid`.
 * @returns false if the session was revoked
 */
export async function putSession({ client, name: TableName }: Table, session: Session): Promise<boolean> {
  const put = new PutCommand({
    TableName,
    Item: { ...keys.session(session.sid), ...session },
    ConditionExpression: 'attribute_not_exists(revokedAtMs)',
  });
  return (await attempt(() => client.send(put))).done;
}

/**
 * Reads what is stored under the id of a login, strongly: `revoked` after its end by the user; undefined while no session
 * was opened.
 */
export async function readOpenedSession(table: Table, sid: string): Promise<Session | 'revoked' | undefined> {
  const session = await getItem<StoredSession>(table, keys.session(sid), 'strong');
  return session?.revokedAtMs === undefined ? session : 'revoked';
}

/** Reads a session, or undefined if it has expired or was ended. A strong read sees a logout at once. */
export async function readSession(
  table: Table,
  { sid, nowMs, consistency }: { sid: string; nowMs: number; consistency: Consistency },
): Promise<Session | undefined> {
  const session = await getItem<StoredSession>(table, keys.session(sid), consistency);
  if (!session || session.revokedAtMs !== undefined) return undefined;
  return session.expiresAt * 1_000 > nowMs ? session : undefined;
}

/** Seconds for which a revoked `sid` stays unusable: longer than any proof that can open a session under it. */
const REVOCATION_LIFE_S = 3_600;

/**
 * Ends a session for good, whether it exists already or is about to be stored: `putSession` fails for a revoked `sid`.
 * An SDK retry can fail its condition against its own first attempt, so the revocation has an id and a match counts as
 * success.
 * @returns true for exactly one call per `sid`
 */
export async function revokeSession({ client, name: TableName }: Table, sid: string, nowMs: number): Promise<boolean> {
  const revocation = runtime.randomBytes(12).toString('base64url');
  const expiresAt = Math.floor(nowMs / 1_000) + REVOCATION_LIFE_S;
  const put = new PutCommand({
    TableName,
    Item: { ...keys.session(sid), revokedAtMs: nowMs, revocation, expiresAt },
    ConditionExpression: 'attribute_not_exists(revokedAtMs)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const revoked = await attempt<unknown, { revocation?: string }>(() => client.send(put));
  return revoked.done || revoked.rejecting?.revocation === revocation;
}
