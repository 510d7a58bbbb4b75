import { readAccount } from '../store/accounts.ts';
import { revokeSession } from '../store/sessions.ts';
import { accountGone, authenticateAccount, hasEnded, sessionEnded, type AuthDeps } from './authenticate.ts';
import { endAllSessions, type EndSessionsDeps } from './end-sessions.ts';

/**
 * Ends the caller's session: every route rejects its token from then on. With `everywhere` also ends all other sessions
 * of the account, which may live for some milliseconds more on routes that read the account eventually.
 * @throws UNAUTHENTICATED also when the session has ended already
 */
export async function logout(
  deps: AuthDeps & EndSessionsDeps,
  token: string,
  { everywhere = false }: { everywhere?: boolean } = {},
): Promise<void> {
  if (everywhere) return logoutEverywhere(deps, token);
  const { sid, accountId } = await deps.tokens.verifySession(token);
  // A deleted session could be opened again: a registration token opens the same session until it expires.
  const [session, account] = await Promise.all([
    revokeSession(deps.table, sid, deps.now()),
    readAccount(deps.table, accountId, 'eventual-with-fallback'),
  ]);
  if (!session || !account || hasEnded(session, account)) throw sessionEnded();
}

async function logoutEverywhere(deps: AuthDeps & EndSessionsDeps, token: string): Promise<void> {
  const { session, account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  if (!(await endAllSessions(deps, account.id))) throw accountGone();
  // Last, because a client repeats a failed request with the same token.
  await revokeSession(deps.table, session.sid, deps.now());
}
