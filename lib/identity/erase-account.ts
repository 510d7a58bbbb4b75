import { concurrently } from '../core/concurrently.ts';
import { AppError } from '../core/errors.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';
import type { Runtime } from '../core/runtime.ts';
import { closeAndUnlinkAccount } from '../store/account-links.ts';
import { allIdsOf, anonymiseMerges, readAccount, type Account } from '../store/accounts.ts';
import { personOf } from '../store/identities.ts';
import { ownerOf } from '../store/keys.ts';
import { orderPages } from '../store/order-lists.ts';
import { isOpen, isUnsettled } from '../store/order-states.ts';
import { erasePayer, type Order } from '../store/orders.ts';
import type { Table } from '../store/table.ts';
import { dropUserToken } from '../store/user-tokens.ts';
import { creditId, isBooked, readBalance } from '../store/wallets.ts';

export type EraseDeps = Pick<Runtime, 'now' | 'sleep' | 'log'> & {
  table: Table;
  /** Deletes the uploaded files of the account. */
  eraseUploads(account: Account): Promise<void>;
};

/** Concurrent writes that erase payers. An account can have thousands of orders. */
const WRITES_AT_ONCE = 16;

/**
 * Closes an account: erases its personal data and uploaded files, and frees its openids, its unionids and its phone for a
 * new account. Keeps the orders and the wallet, but erases the payers of the orders. Every route that reads the account
 * then rejects its sessions.
 *
 * Each attempt begins with an account that was read before its orders. A concurrent top-up changes the account, so the
 * close fails and decides again on the new order.
 * @param closedBy `user` rejects the close while money is open. A closed WeChat account cannot wait: its account is closed
 * too, and the account stores whether money was open.
 * @returns the account as it was before the close, or undefined if a concurrent request closed it
 * @throws ORDER_STATE_CONFLICT while an order may still be paid, a refund is under way, or the wallet holds money or awaits
 * a paid top-up
 */
export function eraseAccount(
  deps: EraseDeps,
  given: Account,
  closedBy: 'user' | 'wechat-account-cancelled',
): Promise<Account | undefined> {
  return retryOnConflict(deps, async (attempt) => {
    const account = attempt === 1 ? given : await readAccount(deps.table, given.id, 'strong');
    if (!account) return undefined;
    let openMoney = false;
    const noteOpen = (error: AppError) => {
      if (closedBy === 'user') throw error;
      openMoney = true;
    };
    // Before the orders, because it costs less, and after them, because a credit may be booked meanwhile.
    await checkWallet(deps, account, noteOpen);
    const withPayer = await readOrders(deps, account, noteOpen);
    await checkWallet(deps, account, noteOpen);
    // Erases payers and files before the close, because a client cannot retry after the close.
    await erasePayers(deps, withPayer);
    await deps.eraseUploads(account);
    const people = [...(account.identities ?? [])].map(personOf);
    for (const person of people) await dropUserToken(deps.table, person);
    for (const id of allIdsOf(account)) await anonymiseMerges(deps.table, id);
    const closure = closedBy === 'user' ? undefined : { reason: closedBy, openMoney };
    const at = new Date(deps.now()).toISOString();
    if (!(await closeAndUnlinkAccount(deps.table, account, at, closure))) return VERSION_CONFLICT;
    deps.log.info('identity.closed', { accountId: account.id, ...closure });
    return account;
  });
}

/**
 * Erases the data that arrived during the close of the account: uploaded files, and the payers of orders. Only goods can
 * be among these orders. Files that remain after a failure end by themselves, because they are unused.
 * @param late `sinceMs` is the time before which no such order can have been created (epoch ms). `closeOrder` closes an
 * unpaid order; without it, the sweep closes the order.
 */
export async function eraseLateData(
  deps: Pick<EraseDeps, 'table' | 'log' | 'eraseUploads'>,
  account: Account,
  { sinceMs, closeOrder }: { sinceMs: number; closeOrder?: (order: Order) => Promise<unknown> },
): Promise<void> {
  const closeOne = (order: Order) =>
    closeOrder?.(order).catch((error: unknown) =>
      deps.log.warn('order.close-failed', { outTradeNo: order.outTradeNo, error }),
    );
  for (const id of allIdsOf(account)) {
    for await (const orders of orderPages(deps.table, id)) {
      const late = orders.filter(({ createdAt }) => Date.parse(createdAt) >= sinceMs);
      await Promise.all(late.filter(isOpen).map(closeOne));
      await erasePayers(
        deps,
        late.filter(namesPayer).map(({ outTradeNo }) => outTradeNo),
      );
      if (late.length < orders.length) break;
    }
  }
  await deps
    .eraseUploads(account)
    .catch((error: unknown) => deps.log.warn('uploads.erase-failed', { accountId: account.id, error }));
}

/**
 * Reads the orders of the account, newest first. An expired order counts as open until the sweep has queried WeChat,
 * because the order may have been paid.
 * @param noteOpen receives the error about an order about which the user or the merchant may still owe money
 * @returns the numbers of the orders that still name their payer
 */
async function readOrders(deps: EraseDeps, account: Account, noteOpen: (error: AppError) => void): Promise<string[]> {
  const withPayer: string[] = [];
  for (const id of allIdsOf(account)) {
    for await (const orders of orderPages(deps.table, id)) {
      const open = orders.find(isUnsettled) ?? (await findUncredited(deps, orders));
      if (open) {
        const { outTradeNo, state } = open;
        const message = 'An order is still open; close it or wait until it is settled';
        noteOpen(new AppError('ORDER_STATE_CONFLICT', message, { detail: { outTradeNo, state } }));
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
async function findUncredited({ table }: EraseDeps, orders: Order[]): Promise<Order | undefined> {
  const paid = orders.filter(({ kind, transactionId }) => kind === 'wallet-topup' && transactionId !== undefined);
  const booked = await Promise.all(
    paid.map(({ outTradeNo }) => isBooked(table, { accountId: ownerOf(outTradeNo), id: creditId(outTradeNo) })),
  );
  return paid.find((_, index) => !booked[index]);
}

/** @param noteOpen receives the error about a wallet that holds money */
async function checkWallet({ table }: EraseDeps, account: Account, noteOpen: (error: AppError) => void): Promise<void> {
  const balances = await Promise.all(allIdsOf(account).map((id) => readBalance(table, id)));
  const balanceFen = balances.reduce((sum, balance) => sum + balance, 0);
  if (balanceFen <= 0) return;
  const message = 'The wallet still holds money; have it refunded before you close the account';
  noteOpen(new AppError('ORDER_STATE_CONFLICT', message, { detail: { balanceFen } }));
}

function erasePayers({ table }: Pick<EraseDeps, 'table'>, outTradeNos: string[]): Promise<void> {
  return concurrently(outTradeNos, WRITES_AT_ONCE, (outTradeNo) => erasePayer(table, outTradeNo));
}
