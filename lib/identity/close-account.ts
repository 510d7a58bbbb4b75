import { AppError } from '../core/errors.ts';
import { closeAccount } from '../store/account-links.ts';
import { anonymiseMerges, ownIds, readAccount, type Account } from '../store/accounts.ts';
import { personOf } from '../store/identities.ts';
import { ownerOf } from '../store/keys.ts';
import { forgetPayer, listOrders, type Order } from '../store/orders.ts';
import { deleteSession, type Session } from '../store/sessions.ts';
import { dropUserToken } from '../store/user-tokens.ts';
import { creditId, isBooked, readBalance } from '../store/wallets.ts';
import { authenticateAccount, type AuthDeps } from './authenticate.ts';
import type { RecogniseDeps } from './recognise.ts';
import { OVERTAKEN, untilSettled } from '../core/optimistic-locking.ts';

const OPEN = new Set<Order['state']>(['CREATED', 'NOTPAY', 'REFUNDING']);

type CloseDeps = AuthDeps &
  RecogniseDeps & {
    /** Makes WeChat replace the session key of this session, if it has one. */
    endLoginState(session: Session): Promise<void>;
  };

/**
 * Closes the caller's account: openids, unionids and the phone are free for a new account, personal data are gone, the
 * orders stay without a person. Every route that reads the account refuses its sessions from now on; the items of other
 * devices' sessions end by themselves, and WeChat is made to replace the session key in them.
 * @throws UNAUTHENTICATED; ORDER_STATE_CONFLICT while an order may still be paid, a refund is under way, or money is in
 * the wallet
 */
export async function closeOwnAccount(deps: CloseDeps, token: string): Promise<void> {
  const { session, account } = await authenticateAccount(deps, token, 'strong');
  const orders = await ordersOf(deps, account);
  await assertNoMoney(deps, account, orders);
  // Before, because whoever is closed cannot ask again, should this fail; and after, for what was ordered meanwhile.
  await forgetPayers(deps, orders);
  await close(deps, account.id);
  await forgetPayers(deps, await ordersOf(deps, account));
  await deleteSession(deps.table, session.sid);
  deps.log.info('identity.closed', { accountId: account.id });
  await deps.endLoginState(session).catch((error: unknown) => deps.log.warn('identity.login-state-kept', { error }));
}

/** An order past its time counts too: only WeChat knows that nobody paid it, and the sweep is about to ask. */
async function assertNoMoney(deps: CloseDeps, account: Account, orders: Order[]): Promise<void> {
  const open = orders.find(({ state }) => OPEN.has(state)) ?? (await uncredited(deps, orders));
  if (open) {
    const { outTradeNo, state } = open;
    throw new AppError('ORDER_STATE_CONFLICT', 'An order is still open', { detail: { outTradeNo, state } });
  }
  const balances = await Promise.all(ownIds(account).map((id) => readBalance(deps.table, id)));
  const balanceFen = balances.reduce((sum, balance) => sum + balance, 0);
  if (balanceFen > 0) {
    throw new AppError('ORDER_STATE_CONFLICT', 'There is money in the wallet', { detail: { balanceFen } });
  }
}

/** A top-up that is paid, and on its way to the wallet. */
async function uncredited({ table }: CloseDeps, orders: Order[]): Promise<Order | undefined> {
  for (const order of orders.filter(({ kind, state }) => kind === 'wallet-topup' && state === 'PAID')) {
    const { outTradeNo } = order;
    if (!(await isBooked(table, { accountId: ownerOf(outTradeNo), id: creditId(outTradeNo) }))) return order;
  }
  return undefined;
}

async function forgetPayers({ table }: CloseDeps, orders: Order[]): Promise<void> {
  for (const { outTradeNo, openId, clientIp } of orders) if (openId ?? clientIp) await forgetPayer(table, outTradeNo);
}

async function ordersOf({ table }: CloseDeps, account: Account): Promise<Order[]> {
  return (await Promise.all(ownIds(account).map((id) => listOrders(table, id)))).flat();
}

function close(deps: CloseDeps, accountId: string): Promise<void> {
  return untilSettled(deps, async () => {
    const account = await readAccount(deps.table, accountId, 'strong');
    if (!account) return;
    const people = [...(account.identities ?? [])].map(personOf);
    for (const person of people) await dropUserToken(deps.table, person);
    for (const id of ownIds(account)) await anonymiseMerges(deps.table, id);
    return (await closeAccount(deps.table, account, new Date(deps.now()).toISOString())) ? undefined : OVERTAKEN;
  });
}
