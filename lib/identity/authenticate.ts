import { AppError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import { readSession, type Session } from '../store/sessions.ts';
import type { Consistency, Table } from '../store/table.ts';
import type { SessionTokens } from './session-token.ts';

export type AuthDeps = Pick<Runtime, 'now'> & { table: Table; tokens: SessionTokens };

/**
 * The session behind a token. Read strongly where a logout must count at once; an eventual read lags by milliseconds.
 * @throws UNAUTHENTICATED when the token is not ours or has ended, or its session is gone
 */
export async function authenticate(deps: AuthDeps, token: string, consistency: Consistency): Promise<Session> {
  const { sid } = await deps.tokens.verifySession(token);
  const session = await readSession(deps.table, { sid, nowMs: deps.now(), consistency });
  if (!session) throw loggedOut();
  return session;
}

/** The caller's session and account, read side by side. @throws UNAUTHENTICATED */
export async function authenticateAccount(
  deps: AuthDeps,
  token: string,
): Promise<{ session: Session; account: Account }> {
  const { sid, accountId } = await deps.tokens.verifySession(token);
  const [session, account] = await Promise.all([
    readSession(deps.table, { sid, nowMs: deps.now(), consistency: 'strong' }),
    readAccount(deps.table, accountId),
  ]);
  if (!session || !account || session.accountId !== account.id) throw loggedOut();
  return { session, account };
}

function loggedOut(): AppError {
  return new AppError('UNAUTHENTICATED', 'Log in again: this session has ended');
}
