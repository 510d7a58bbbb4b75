import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { allIdsOf, type Account } from '../store/accounts.ts';
import { ageOf } from '../store/keys.ts';
import { readOpenOrders } from '../store/order-lists.ts';
import { markClosed, type Order } from '../store/orders.ts';
import type { Table } from '../store/table.ts';
import { ORDER_LIFE_MS } from './order.ts';

/** Maximum number of orders of one account that are neither paid, closed nor expired. */
const MAX_OPEN_ORDERS = 20;
/** Retry-After in seconds for an account that placed and closed very many orders. */
const BUSY_RETRY_S = 600;
/** Maximum number of accounts in memory. Above this number, a new account evicts the account that ordered first. */
const MAX_ACCOUNTS = 10_000;

interface Placing {
  /** Stores the order. `isNew` is false for an order that an earlier request stored. */
  place(): Promise<{ order: Order; isNew: boolean }>;
  /** Returns whether `place` would return an order that is already stored. */
  isRepeat(): Promise<boolean>;
}

/**
 * Runs `place`, unless the account has too many open orders.
 * @throws RATE_LIMITED with the seconds until the oldest open order expires
 */
export type OpenOrderLimit = (account: Account, placing: Placing) => Promise<{ order: Order; isNew: boolean }>;

/**
 * Limits the open orders of one account.
 *
 * A new order counts after it was stored, because Lambda runs concurrent requests in separate instances: an order stays
 * only while fewer than 20 open orders are older. The read is eventually consistent, so orders of the same milliseconds
 * may stay too. From the second order of an account on, an instance also counts before the write. A sequential flood
 * therefore stores no order in vain.
 */
export function openOrderLimit({ table, now }: Pick<Runtime, 'now'> & { table: Table }): OpenOrderLimit {
  /** The accounts that ordered here, with the end of their latest order (epoch ms). */
  const accounts = new Map<string, number>();

  return async (account, { place, isRepeat }) => {
    const hasOrdered = (accounts.get(account.id) ?? 0) > now();
    accounts.delete(account.id);
    accounts.set(account.id, now() + ORDER_LIFE_MS);
    if (accounts.size > MAX_ACCOUNTS) accounts.delete(accounts.keys().next().value!);
    const early = hasOrdered ? await findRejection(account) : undefined;
    if (early && !(await isRepeat())) throw early;
    const placed = await place();
    const late = placed.isNew ? await findRejection(account, placed.order) : undefined;
    if (!late) return placed;
    await markClosed(table, { outTradeNo: placed.order.outTradeNo, from: [placed.order.state] });
    throw late;
  };

  /** Returns the error for one more order, or for `newest` if it is one too many. */
  async function findRejection(account: Account, newest?: Order): Promise<AppError | undefined> {
    const nowMs = now();
    const query = { sinceMs: nowMs - ORDER_LIFE_MS };
    const lists = await Promise.all(
      allIdsOf(account).map((accountId) => readOpenOrders(table, { ...query, accountId })),
    );
    if (lists.includes(undefined)) return tooMany(BUSY_RETRY_S);
    const isOlder = ({ outTradeNo }: Pick<Order, 'outTradeNo'>) =>
      newest === undefined || ageOf(outTradeNo) < ageOf(newest.outTradeNo);
    const open = lists.flatMap((orders) => orders ?? []).filter(isOlder);
    if (open.length < MAX_OPEN_ORDERS) return undefined;
    // `timeExpire` leaves out the milliseconds.
    const firstExpiryMs = Math.min(...open.map(({ timeExpire }) => Date.parse(timeExpire))) + 1_000;
    return tooMany(Math.max(1, Math.ceil((firstExpiryMs - nowMs) / 1_000)));
  }
}

function tooMany(retryAfterSeconds: number): AppError {
  return new AppError(
    'RATE_LIMITED',
    `This account has ${MAX_OPEN_ORDERS} open orders; pay or close one of them, or wait until one expires`,
    { retryAfterSeconds },
  );
}
