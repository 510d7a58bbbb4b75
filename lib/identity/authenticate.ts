import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import { readSession, type Session } from '../store/sessions.ts';
import type { Consistency, Table } from '../store/table.ts';
import type { SessionTokens } from './session-token.ts';

type SessionConsistency = Exclude<Consistency, 'eventual'>;
export type AuthDeps = Pick<Runtime, 'now'> & { table: Table; tokens: SessionTokens };

/**
 * The session behind a token. A strong read counts a logout at once; `eventual-hit` may see it some milliseconds late,
 * but never misses a session that was just opened.
 * @throws UNAUTHENTICATED when the token is not ours or has ended, or its session is gone
 */
export async function authenticate(deps: AuthDeps, token: string, consistency: SessionConsistency): Promise<Session> {
  const { sid } = await deps.tokens.verifySession(token);
  return livingSession(deps, sid, consistency);
}

/** The caller's session, read strongly, and beside it the account that must be alive for it. @throws UNAUTHENTICATED */
export async function authenticateAccount(
  deps: AuthDeps,
  token: string,
  consistency: SessionConsistency,
): Promise<{ session: Session; account: Account }> {
  const { sid, accountId } = await deps.tokens.verifySession(token);
  const [session, account] = await Promise.all([
    livingSession(deps, sid, 'strong'),
    readAccount(deps.table, accountId, consistency),
  ]);
  if (!account) throw new AppError('UNAUTHENTICATED', 'Log in again: this account is gone');
  return { session, account };
}

/** Open data, phone codes and decisions about a code belong to the mini-program and its openid. @throws FORBIDDEN */
export function assertMiniappSession({ appId }: Session, miniappId: string): void {
  if (appId !== miniappId) throw new AppError('FORBIDDEN', 'Only a session of the mini-program can do this');
}

async function livingSession({ now, table }: AuthDeps, sid: string, consistency: SessionConsistency): Promise<Session> {
  const session = await readSession(table, { sid, nowMs: now(), consistency });
  if (!session) throw new AppError('UNAUTHENTICATED', 'Log in again: this session has ended');
  return session;
}
