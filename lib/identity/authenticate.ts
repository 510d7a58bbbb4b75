import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import { readSession, type Session } from '../store/sessions.ts';
import type { Consistency, Table } from '../store/table.ts';
import type { SessionTokens } from './session-token.ts';

/** Dependencies of flows that act for a logged-in user. */
export type AuthDeps = Pick<Runtime, 'now'> & { table: Table; tokens: SessionTokens };

type AuthConsistency = Exclude<Consistency, 'eventual'>;

/**
 * Returns the session of a token, and its account.
 * @param sessionConsistency a strong read, the default, sees a logout at once. An eventually consistent read, falling
 * back to a strong read, may see a logout some milliseconds late, but finds every new session.
 * @throws UNAUTHENTICATED when the token is not valid, its session has ended, or the account is closed or has ended all
 * its sessions
 */
export async function authenticateAccount(
  deps: AuthDeps,
  token: string,
  {
    accountConsistency,
    sessionConsistency = 'strong',
  }: { accountConsistency: AuthConsistency; sessionConsistency?: AuthConsistency },
): Promise<{ session: Session; account: Account }> {
  const { sid, accountId } = await deps.tokens.verifySession(token);
  const [session, account] = await Promise.all([
    readValidSession(deps, sid, sessionConsistency),
    readAccount(deps.table, accountId, accountConsistency),
  ]);
  if (!account) throw accountGone();
  if (hasEnded(session, account)) throw sessionEnded();
  return { session, account };
}

/** Whether the session ended together with all sessions of its account. */
export function hasEnded({ createdAtMs }: Pick<Session, 'createdAtMs'>, { sessionsNotBefore = 0 }: Account): boolean {
  return createdAtMs < sessionsNotBefore;
}

/** Returns the error for a session whose account was closed. */
export function accountGone(): AppError {
  return new AppError('UNAUTHENTICATED', 'This account was closed; log in again');
}

/** Time after a login within which the user may close the account or replace its phone. */
const FRESH_LOGIN_MS = 10 * 60_000;

/**
 * Rejects an act that a stolen token must not perform, unless the user logged in within the last ten minutes.
 * @throws FRESH_LOGIN_REQUIRED
 */
export function assertFreshLogin({ loginAtMs }: Session, nowMs: number): void {
  if (nowMs - loginAtMs <= FRESH_LOGIN_MS) return;
  throw new AppError('FRESH_LOGIN_REQUIRED', 'This needs a login within the last 10 minutes; log in and send it again');
}

/**
 * Rejects a session of another app. Encrypted data, phone codes and QR login decisions belong to an openid of the
 * mini-program.
 * @throws FORBIDDEN
 */
export function assertMiniappSession({ appId }: Session, miniappId: string): void {
  if (appId !== miniappId) throw new AppError('FORBIDDEN', 'This request needs a session of the mini-program');
}

/**
 * Reads a session that has neither expired nor ended.
 * @throws UNAUTHENTICATED
 */
export async function readValidSession(
  { now, table }: Pick<AuthDeps, 'now' | 'table'>,
  sid: string,
  consistency: AuthConsistency,
): Promise<Session> {
  const session = await readSession(table, { sid, nowMs: now(), consistency });
  if (!session) throw sessionEnded();
  return session;
}

/** Returns the error for a session that has ended. */
export function sessionEnded(): AppError {
  return new AppError('UNAUTHENTICATED', 'This session has ended; log in again');
}
