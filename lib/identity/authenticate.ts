import { AppError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
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

/** The caller's account, read beside the session that must be alive for it. @throws UNAUTHENTICATED */
export async function authenticateAccount(deps: AuthDeps, token: string): Promise<Account> {
  const { sid, accountId } = await deps.tokens.verifySession(token);
  const [, account] = await Promise.all([
    livingSession(deps, sid, 'strong'),
    readAccount(deps.table, accountId, 'eventual-hit'),
  ]);
  if (!account) throw new AppError('UNAUTHENTICATED', 'Log in again: this account is gone');
  return account;
}

async function livingSession({ now, table }: AuthDeps, sid: string, consistency: SessionConsistency): Promise<Session> {
  const session = await readSession(table, { sid, nowMs: now(), consistency });
  if (!session) throw new AppError('UNAUTHENTICATED', 'Log in again: this session has ended');
  return session;
}
