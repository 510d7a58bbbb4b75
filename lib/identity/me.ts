import { userView, type UserView } from './account.ts';
import { authenticateAccount, type AuthDeps } from './authenticate.ts';

/** The caller, as `GET /me` shows them. @throws UNAUTHENTICATED */
export async function me(deps: AuthDeps, token: string): Promise<{ user: UserView }> {
  return { user: userView(await authenticateAccount(deps, token)) };
}
