import { AppError } from '../errors.ts';
import { closeAccount } from '../store/account-links.ts';
import { anonymiseMerges, ownIds, readAccount, type Account } from '../store/accounts.ts';
import { personOf } from '../store/identities.ts';
import { forgetPayer, listOrders, type Order } from '../store/orders.ts';
import { deleteSession, type Session } from '../store/sessions.ts';
import { dropUserToken } from '../store/user-tokens.ts';
import { authenticateAccount, type AuthDeps } from './authenticate.ts';
import type { RecogniseDeps } from './recognise.ts';
import { OVERTAKEN, untilSettled } from '../until-settled.ts';

type CloseDeps = AuthDeps &
  RecogniseDeps & {
    /** Makes WeChat replace the session key of this session, if it has one. */
    endLoginState(session: Session): Promise<void>;
  };

/** WeChat takes no money after an order's time; so long may the word of what came in before be under way. */
const LAST_WORD_MS = 10 * 60_000;

/**
 * Closes the caller's account: openids, unionids and the phone are free for a new account, personal data are gone, the
 * orders stay without a person. Every route that reads the account refuses its sessions from now on; the items of other
 * devices' sessions end by themselves, and WeChat is made to replace the session key in them.
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

async function settleOrders({ table, now }: CloseDeps, account: Account): Promise<void> {
  const orders = (await Promise.all(ownIds(account).map((id) => listOrders(table, id)))).flat();
  const open = orders.find((order) => moneyIsOpen(order, now()));
  if (open) {
    const { outTradeNo, state } = open;
    throw new AppError('ORDER_STATE_CONFLICT', 'An order is still open', { detail: { outTradeNo, state } });
  }
  for (const { outTradeNo, openId } of orders) if (openId !== undefined) await forgetPayer(table, outTradeNo);
}

function moneyIsOpen({ state, timeExpire }: Order, nowMs: number): boolean {
  if (state === 'REFUNDING') return true;
  return (state === 'CREATED' || state === 'NOTPAY') && Date.parse(timeExpire) + LAST_WORD_MS > nowMs;
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
