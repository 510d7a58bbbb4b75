import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { allIdsOf, type Account } from '../store/accounts.ts';
import { readOpenOrders } from '../store/order-lists.ts';
import type { Table } from '../store/table.ts';
import { ORDER_LIFE_MS } from './order.ts';

/** Maximum number of orders of one account that are neither paid, closed nor expired. */
const MAX_OPEN_ORDERS = 20;
/** Maximum number of accounts in memory. Above this number, a new account evicts the account that ordered first. */
const MAX_ACCOUNTS = 10_000;

interface Placing<Placed> {
  /** Stores the order. */
  place(): Promise<Placed>;
  /** Returns whether `place` would return an order that is already stored. */
  isRepeat(): Promise<boolean>;
}

/**
 * Runs `place`, unless the account has too many open orders.
 * @throws RATE_LIMITED with the seconds until the oldest open order expires
 */
export type OpenOrderLimit = <Placed>(account: Account, placing: Placing<Placed>) => Promise<Placed>;

interface Recent {
  untilMs: number;
  /** Fulfilled when the account's latest order was stored or rejected. */
  stored: Promise<unknown>;
}

/**
 * Limits the open orders of one account.
 *
 * The first order that an instance places for an account is not counted, so that most buyers cost no read. From the
 * second order within two hours, the instance reads the open orders and places one order at a time. An account
 * therefore has at most 20 open orders, plus one for each running instance.
 */
export function openOrderLimit({ table, now }: Pick<Runtime, 'now'> & { table: Table }): OpenOrderLimit {
  const accounts = new Map<string, Recent>();

  return (account, { place, isRepeat }) => {
    const earlier = accounts.get(account.id);
    const placed = (earlier?.stored ?? Promise.resolve()).then(async () => {
      const rejection = earlier && earlier.untilMs > now() ? await findRejection(account) : undefined;
      if (rejection && !(await isRepeat())) throw rejection;
      return place();
    });
    accounts.delete(account.id);
    accounts.set(account.id, { untilMs: now() + ORDER_LIFE_MS, stored: placed.catch(() => undefined) });
    if (accounts.size > MAX_ACCOUNTS) accounts.delete(accounts.keys().next().value!);
    return placed;
  };

  async function findRejection(account: Account): Promise<AppError | undefined> {
    const nowMs = now();
    const query = { sinceMs: nowMs - ORDER_LIFE_MS, limit: MAX_OPEN_ORDERS };
    const ids = allIdsOf(account);
    const open = (await Promise.all(ids.map((accountId) => readOpenOrders(table, { ...query, accountId })))).flat();
    if (open.length < MAX_OPEN_ORDERS) return undefined;
    // `timeExpire` leaves out the milliseconds.
    const firstExpiryMs = Math.min(...open.map(({ timeExpire }) => Date.parse(timeExpire))) + 1_000;
    return new AppError(
      'RATE_LIMITED',
      `This account has ${MAX_OPEN_ORDERS} open orders; pay or close one of them, or wait until one expires`,
      { retryAfterSeconds: Math.max(1, Math.ceil((firstExpiryMs - nowMs) / 1_000)) },
    );
  }
}
