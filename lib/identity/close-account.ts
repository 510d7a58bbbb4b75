import { AppError } from '../core/errors.ts';
import { concurrently } from '../core/concurrently.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import type { Order } from '../store/orders.ts';
import { revokeSession, type Session } from '../store/sessions.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { resetSessionKey } from '../wechat/session-key.ts';
import { assertFreshLogin, authenticateAccount, type AuthDeps } from './authenticate.ts';
import { eraseAccount, finishLateOrders } from './erase-account.ts';
import type { RecogniseDeps } from './recognise.ts';

/**
 * Maximum age of the number of an order that was placed during the close: an Idempotency-Key keeps its order number for
 * a day. One hour allows for differences between clocks.
 */
export const LATE_ORDER_AGE_MS = 25 * 3_600_000;

export type CloseDeps = AuthDeps &
  RecogniseDeps & {
    /** Loads the mini-program. Called only for a session that has a session key of WeChat. */
    loadMiniapp(): Promise<PlatformDeps & { app: WechatApp; accessToken: TokenOwner }>;
    /** Closes an unpaid order at WeChat, then in the ledger. Books a payment instead if WeChat reports one. */
    closeOrder(order: Order): Promise<unknown>;
  };

/**
 * Closes the caller's account. Frees the openids, the unionids and the phone for a new account, and removes personal
 * data and uploaded files. Keeps the orders, but erases their payers. After the close, every route that reads the account
 * rejects the sessions of the account.
 *
 * Sessions of other devices expire by themselves. For a mini-program session WeChat replaces the session key, so that
 * the stored keys become useless.
 * @throws UNAUTHENTICATED; FRESH_LOGIN_REQUIRED; ORDER_STATE_CONFLICT while an order may still be paid, a refund is
 * under way, or the wallet holds money or awaits a paid top-up
 */
export async function closeAccount(deps: CloseDeps, token: string): Promise<void> {
  const { session, account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  const beganAtMs = deps.now();
  assertFreshLogin(session, beganAtMs);
  const closed = await close(deps, account);
  if (closed) await finishLateOrders(deps, closed, beganAtMs - LATE_ORDER_AGE_MS);
  if (closed) await eraseLateUploads(deps, closed);
  await revokeSession(deps.table, session.sid, deps.now());
  await resetLoginState(deps, session).catch((error: unknown) => deps.log.warn('login-state.reset-failed', { error }));
}

/**
 * Closes the account. Each attempt begins with an account that was read before its orders. A concurrent top-up changes the account, so the
 * close fails and decides again on the new order.
 * @returns the account as it was before the close, or undefined if a concurrent request closed it
 * @throws ORDER_STATE_CONFLICT
 */
function close(deps: CloseDeps, authenticated: Account): Promise<Account | undefined> {
  return retryOnConflict(deps, async (attempt) => {
    const account = attempt === 1 ? authenticated : await readAccount(deps.table, authenticated.id, 'strong');
    if (!account) return undefined;
    // Before the orders, because it costs less, and after them, because a credit may be booked meanwhile.
    await assertEmptyWallet(deps, account);
    const withPayer = await readSettledOrders(deps, account);
    await assertEmptyWallet(deps, account);
    // Erases payers and files before the close, because a client cannot retry after the close.
    await erasePayers(deps, withPayer);
    await deps.eraseUploads(account);
    const people = [...(account.identities ?? [])].map(personOf);
    for (const person of people) await dropUserToken(deps.table, person);
    for (const id of allIdsOf(account)) await anonymiseMerges(deps.table, id);
    return (await closeAndUnlinkAccount(deps.table, account, new Date(deps.now()).toISOString()))
      ? account
      : VERSION_CONFLICT;
  });
}

/**
 * Reads the orders of the account, newest first, and stops at an order about which the user or the merchant may still
 * owe money. An expired order counts as open until the sweep has queried WeChat, because the order may have been paid.
 * @returns the numbers of the orders that still name their payer
 * @throws ORDER_STATE_CONFLICT
 */
async function readSettledOrders(deps: CloseDeps, account: Account): Promise<string[]> {
  const withPayer: string[] = [];
  for (const id of allIdsOf(account)) {
    for await (const orders of orderPages(deps.table, id)) {
      const open = orders.find(isUnsettled) ?? (await findUncredited(deps, orders));
      if (open) {
        const { outTradeNo, state } = open;
        throw new AppError('ORDER_STATE_CONFLICT', 'An order is still open; close it or wait until it is settled', {
          detail: { outTradeNo, state },
        });
      }
      withPayer.push(...orders.filter(namesPayer).map(({ outTradeNo }) => outTradeNo));
    }
  }
  return withPayer;
}

function namesPayer({ openId, clientIp }: Order): boolean {
  return (openId ?? clientIp) !== undefined;
}

/** Finds a top-up that was paid, also one that was refunded since, and is not in the wallet yet. */
async function findUncredited({ table }: CloseDeps, orders: Order[]): Promise<Order | undefined> {
  const paid = orders.filter(({ kind, transactionId }) => kind === 'wallet-topup' && transactionId !== undefined);
  const booked = await Promise.all(
    paid.map(({ outTradeNo }) => isBooked(table, { accountId: ownerOf(outTradeNo), id: creditId(outTradeNo) })),
  );
  return paid.find((_, index) => !booked[index]);
}

/**
 * Rejects the close while the wallet holds money.
 * @throws ORDER_STATE_CONFLICT
 */
async function assertEmptyWallet({ table }: CloseDeps, account: Account): Promise<void> {
  const balances = await Promise.all(allIdsOf(account).map((id) => readBalance(table, id)));
  const balanceFen = balances.reduce((sum, balance) => sum + balance, 0);
  if (balanceFen <= 0) return;
  throw new AppError(
    'ORDER_STATE_CONFLICT',
    'The wallet still holds money; have it refunded before you close the account',
    { detail: { balanceFen } },
  );
}

/**
 * Closes the orders that were placed during the close of the account, and erases their payers. Only goods can be among
 * them. An order that was paid meanwhile stays paid. The sweep closes an order that WeChat did not close here.
 * @param sinceMs time before which no such order can have been created (epoch ms)
 */
async function finishLateOrders(deps: CloseDeps, account: Account, sinceMs: number): Promise<void> {
  for (const id of allIdsOf(account)) {
    for await (const orders of orderPages(deps.table, id)) {
      const late = orders.filter(({ createdAt }) => Date.parse(createdAt) >= sinceMs);
      const unpaid = late.filter(isOpen);
      await Promise.all(
        unpaid.map((order) =>
          deps
            .closeOrder(order)
            .catch((error: unknown) => deps.log.warn('order.close-failed', { outTradeNo: order.outTradeNo, error })),
        ),
      );
      await erasePayers(
        deps,
        late.filter(namesPayer).map(({ outTradeNo }) => outTradeNo),
      );
      if (late.length < orders.length) break;
    }
  }
}

/** Deletes the files that arrived during the close. After a failure they end by themselves, because they are unused. */
async function eraseLateUploads(deps: CloseDeps, account: Account): Promise<void> {
  await deps
    .eraseUploads(account)
    .catch((error: unknown) => deps.log.warn('uploads.erase-failed', { accountId: account.id, error }));
}

function erasePayers({ table }: CloseDeps, outTradeNos: string[]): Promise<void> {
  return concurrently(outTradeNos, WRITES_AT_ONCE, (outTradeNo) => erasePayer(table, outTradeNo));
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
