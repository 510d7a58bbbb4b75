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

const OPEN_STATES = new Set<Order['state']>(['CREATED', 'NOTPAY', 'REFUNDING']);

export type CloseDeps = AuthDeps &
  RecogniseDeps & {
    /** Loads the mini-program. Called only for a session that has a session key of WeChat. */
    loadMiniapp(): Promise<PlatformDeps & { app: WechatApp; accessToken: TokenOwner }>;
  };

/**
 * Closes the caller's account. Frees the openids, the unionids and the phone for a new account, and removes personal
 * data. Keeps the orders, but erases their payers. After the close, every route that reads the account rejects the
 * sessions of the account.
 *
 * Sessions of other devices expire by themselves. For a mini-program session WeChat replaces the session key, so that
 * the stored keys become useless.
 * @throws UNAUTHENTICATED; ORDER_STATE_CONFLICT while an order may still be paid, a refund is under way, or the wallet
 * holds money or awaits a paid top-up
 */
export async function closeAccount(deps: CloseDeps, token: string): Promise<void> {
  const { session, account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  const orders = await ordersOf(deps, account);
  await assertNoMoney(deps, account, orders);
  // Erases payers before the close, because a client cannot retry after the close. The second run, after the close,
  // covers orders placed meanwhile.
  await erasePayers(deps, orders);
  await close(deps, account.id);
  await erasePayers(deps, await ordersOf(deps, account));
  await deleteSession(deps.table, session.sid);
  deps.log.info('identity.closed', { accountId: account.id });
  await resetLoginState(deps, session).catch((error: unknown) => deps.log.warn('login-state.reset-failed', { error }));
}

/**
 * Rejects the close while the user or the merchant may still owe money. An expired order counts as open until the sweep
 * has queried WeChat, because the order may have been paid.
 * @throws ORDER_STATE_CONFLICT
 */
async function assertNoMoney(deps: CloseDeps, account: Account, orders: Order[]): Promise<void> {
  const open = orders.find(({ state }) => OPEN_STATES.has(state)) ?? (await findUncredited(deps, orders));
  if (open) {
    const { outTradeNo, state } = open;
    throw new AppError('ORDER_STATE_CONFLICT', 'An order is still open; close it or wait until it is settled', {
      detail: { outTradeNo, state },
    });
  }
  const balances = await Promise.all(allIdsOf(account).map((id) => readBalance(deps.table, id)));
  const balanceFen = balances.reduce((sum, balance) => sum + balance, 0);
  if (balanceFen > 0) {
    throw new AppError(
      'ORDER_STATE_CONFLICT',
      'The wallet still holds money; have it refunded before you close the account',
      {
        detail: { balanceFen },
      },
    );
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

/**
 * Makes WeChat replace the session key of a mini-program session.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_resetusersessionkey.html
 */
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
