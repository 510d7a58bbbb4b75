import { authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { ownIds } from '../store/accounts.ts';
import { readBalance } from '../store/wallets.ts';

/**
 * What is in the caller's wallet: accounts that were merged into theirs brought their wallets along.
 * @throws UNAUTHENTICATED
 */
export async function readWallet(deps: AuthDeps, token: string): Promise<{ balanceFen: number }> {
  const { account } = await authenticateAccount(deps, token, 'strong');
  const balances = await Promise.all(ownIds(account).map((id) => readBalance(deps.table, id)));
  return { balanceFen: balances.reduce((sum, balance) => sum + balance, 0) };
}
