import { authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { allIdsOf } from '../store/accounts.ts';
import { readBalance } from '../store/wallets.ts';

/**
 * Returns the balance of the caller's wallet in fen, including the wallets of accounts that were merged into the
 * caller's account.
 * @throws UNAUTHENTICATED
 */
export async function getWallet(deps: AuthDeps, token: string): Promise<{ balanceFen: number }> {
  const { account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  const balances = await Promise.all(allIdsOf(account).map((id) => readBalance(deps.table, id)));
  return { balanceFen: balances.reduce((sum, balance) => sum + balance, 0) };
}
