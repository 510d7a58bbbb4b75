import { AppError } from '../core/errors.ts';
import { closeAndUnlinkAccount } from '../store/account-links.ts';
import { anonymiseMerges, allIdsOf, readAccount, type Account } from '../store/accounts.ts';
import { personOf } from '../store/identities.ts';
import { ownerOf } from '../store/keys.ts';
import { erasePayer, readOrdersOf, type Order } from '../store/orders.ts';
import { deleteSession, type Session } from '../store/sessions.ts';
import { dropUserToken } from '../store/user-tokens.ts';
import { creditId, isBooked, readBalance } from '../store/wallets.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { resetSessionKey } from '../wechat/session-key.ts';
import { authenticateAccount, type AuthDeps } from './authenticate.ts';
import type { RecogniseDeps } from './recognise.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';

const OPEN = new Set<Order['state']>(['CREATED', 'NOTPAY', 'REFUNDING']);

export type CloseDeps = AuthDeps &
  RecogniseDeps & {
    /** Loads the mini-program, for a session that has a session key of WeChat. */
    loadMiniapp(): Promise<PlatformDeps & { app: WechatApp; accessToken: TokenOwner }>;
  };

/**
 * Closes the caller's account: frees openids, unionids and the phone for a new account, removes personal data, and keeps
 * the orders without their payer. Every route that reads the account rejects its sessions from now on. Session items of
 * other devices expire by themselves, and WeChat replaces the session key in them.
 * @throws UNAUTHENTICATED; ORDER_STATE_CONFLICT while an order may still be paid, a refund is under way, or money is in
 * the wallet
 */
export async function closeAccount(deps: CloseDeps, token: string): Promise<void> {
  const { session, account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  const orders = await ordersOf(deps, account);
  await assertNoMoney(deps, account, orders);
  // Before the close, because a closed account could not repeat a failed request; after it, for orders placed meanwhile.
  await erasePayers(deps, orders);
  await close(deps, account.id);
  await erasePayers(deps, await ordersOf(deps, account));
  await deleteSession(deps.table, session.sid);
  deps.log.info('identity.closed', { accountId: account.id });
  await resetLoginState(deps, session).catch((error: unknown) => deps.log.warn('login-state.reset-failed', { error }));
}

/** An order past its time counts as open until the sweep has queried WeChat, because it may have been paid. */
async function assertNoMoney(deps: CloseDeps, account: Account, orders: Order[]): Promise<void> {
  const open = orders.find(({ state }) => OPEN.has(state)) ?? (await findUncredited(deps, orders));
  if (open) {
    const { outTradeNo, state } = open;
    throw new AppError('ORDER_STATE_CONFLICT', 'An order is still open', { detail: { outTradeNo, state } });
  }
  const balances = await Promise.all(allIdsOf(account).map((id) => readBalance(deps.table, id)));
  const balanceFen = balances.reduce((sum, balance) => sum + balance, 0);
  if (balanceFen > 0) {
    throw new AppError('ORDER_STATE_CONFLICT', 'There is money in the wallet', { detail: { balanceFen } });
  }
}

/** Finds a paid top-up that is not in the wallet yet. */
async function findUncredited({ table }: CloseDeps, orders: Order[]): Promise<Order | undefined> {
  for (const order of orders.filter(({ kind, state }) => kind === 'wallet-topup' && state === 'PAID')) {
    const { outTradeNo } = order;
    if (!(await isBooked(table, { accountId: ownerOf(outTradeNo), id: creditId(outTradeNo) }))) return order;
  }
  return undefined;
}

async function erasePayers({ table }: CloseDeps, orders: Order[]): Promise<void> {
  for (const { outTradeNo, openId, clientIp } of orders) if (openId ?? clientIp) await erasePayer(table, outTradeNo);
}

async function ordersOf({ table }: CloseDeps, account: Account): Promise<Order[]> {
  return (await Promise.all(allIdsOf(account).map((id) => readOrdersOf(table, id)))).flat();
}

/** Makes WeChat replace the session key of a mini-program session (platform 1.4). */
async function resetLoginState({ loadMiniapp }: CloseDeps, { appId, openId, sessionKey }: Session): Promise<void> {
  if (sessionKey === undefined) return;
  const { app, accessToken, ...platform } = await loadMiniapp();
  if (appId !== app.appId) return;
  await accessToken.withToken((token) => resetSessionKey(platform, { app, accessToken: token, openId, sessionKey }));
}

function close(deps: CloseDeps, accountId: string): Promise<void> {
  return retryOnConflict(deps, async () => {
    const account = await readAccount(deps.table, accountId, 'strong');
    if (!account) return;
    const people = [...(account.identities ?? [])].map(personOf);
    for (const person of people) await dropUserToken(deps.table, person);
    for (const id of allIdsOf(account)) await anonymiseMerges(deps.table, id);
    return (await closeAndUnlinkAccount(deps.table, account, new Date(deps.now()).toISOString()))
      ? undefined
      : VERSION_CONFLICT;
  });
}
