import { authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { allIdsOf } from '../store/accounts.ts';
import { readBalance } from '../store/wallets.ts';

/**
 * What is in the caller's wallet: accounts that were merged into theirs brought their wallets along.
 * @throws UNAUTHENTICATED
 */
export async function getWallet(deps: AuthDeps, token: string): Promise<{ balanceFen: number }> {
  const { account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  const balances = await Promise.all(allIdsOf(account).map((id) => readBalance(deps.table, id)));
  return { balanceFen: balances.reduce((sum, balance) => sum + balance, 0) };
}
