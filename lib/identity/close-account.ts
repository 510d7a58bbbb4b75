import { AppError } from '../errors.ts';
import { closeAccount } from '../store/account-links.ts';
import { ownIds, readAccount, type Account } from '../store/accounts.ts';
import { personOf } from '../store/identities.ts';
import { forgetPayer, listOrders, type OrderState } from '../store/orders.ts';
import { deleteSession, type Session } from '../store/sessions.ts';
import { dropUserToken } from '../store/user-tokens.ts';
import { authenticateAccount, type AuthDeps } from './authenticate.ts';
import type { RecogniseDeps } from './recognise.ts';

type CloseDeps = AuthDeps &
  RecogniseDeps & {
    /** Makes WeChat replace the session key of this session, if it has one. */
    endLoginState(session: Session): Promise<void>;
  };

const MONEY_IS_OPEN = new Set<OrderState>(['CREATED', 'NOTPAY', 'REFUNDING']);
const TRIES = 5;

/**
 * Closes the caller's account: openids, unionids and the phone are free for a new account, personal data are gone, the
 * orders stay without a person. Every route that reads the account refuses its sessions from now on.
 * @throws UNAUTHENTICATED; ORDER_STATE_CONFLICT while an order may still be paid, or a refund is under way
 */
export async function closeOwnAccount(deps: CloseDeps, token: string): Promise<void> {
  const { session, account } = await authenticateAccount(deps, token, 'strong');
  await settleOrders(deps, account);
  await close(deps, account.id);
  await deleteSession(deps.table, session.sid);
  deps.log.info('identity.closed', { accountId: account.id });
  await deps.endLoginState(session).catch((error: unknown) => deps.log.warn('identity.login-state-kept', { error }));
}

async function settleOrders({ table }: CloseDeps, account: Account): Promise<void> {
  const orders = (await Promise.all(ownIds(account).map((id) => listOrders(table, id)))).flat();
  const open = orders.find(({ state }) => MONEY_IS_OPEN.has(state));
  if (open) {
    const { outTradeNo, state } = open;
    throw new AppError('ORDER_STATE_CONFLICT', 'An order is still open', { detail: { outTradeNo, state } });
  }
  for (const { outTradeNo, openId } of orders) if (openId !== undefined) await forgetPayer(table, outTradeNo);
}

async function close(deps: CloseDeps, accountId: string): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const account = await readAccount(deps.table, accountId, 'strong');
    if (!account) return;
    const people = [...(account.identities ?? [])].map(personOf);
    for (const person of people) await dropUserToken(deps.table, person);
    if (await closeAccount(deps, account, new Date(deps.now()).toISOString())) return;
  }
  throw new Error('the links of one account keep changing');
}
