import { deleteSession } from '../store/sessions.ts';
import { authenticate, type AuthDeps } from './authenticate.ts';

/**
 * Ends the caller's session. Every route that reads the session rejects its token from then on.
 * @throws UNAUTHENTICATED
 */
export async function logout(deps: AuthDeps, token: string): Promise<void> {
  const { sid } = await authenticate(deps, token, { sessionConsistency: 'eventual-with-fallback' });
  await deleteSession(deps.table, sid);
}
