import { revokeSession } from '../store/sessions.ts';
import { accountGone, authenticateAccount, sessionEnded, type AuthDeps } from './authenticate.ts';
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
  const { session, account } = await authenticateAccount(deps, token, {
    accountConsistency: everywhere ? 'strong' : 'eventual-with-fallback',
  });
  if (everywhere && !(await endAllSessions(deps, account.id))) throw accountGone();
  // Last, because a client repeats a failed request with the same token. A deleted session could be opened again: a
  // registration token opens the same session until it expires.
  const isRevoked = await revokeSession(deps.table, session.sid, deps.now());
  if (!isRevoked && !everywhere) throw sessionEnded();
}
