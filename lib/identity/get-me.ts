import { userView, type UserView } from './account.ts';
import { authenticateAccount, type AuthDeps } from './authenticate.ts';

/**
 * Returns the account of the caller for `GET /me`.
 * @throws UNAUTHENTICATED
 */
export async function getMe(deps: AuthDeps, token: string): Promise<{ user: UserView }> {
  const { account } = await authenticateAccount(deps, token, { accountConsistency: 'eventual-with-fallback' });
  return { user: userView(account) };
}
