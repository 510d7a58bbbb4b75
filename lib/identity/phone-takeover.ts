import { badSetting } from '../core/config.ts';
import type { Runtime } from '../core/runtime.ts';
import { allIdsOf, type Account } from '../store/accounts.ts';
import { findOpenOrder } from '../store/order-lists.ts';
import type { Table } from '../store/table.ts';
import { readBalance } from '../store/wallets.ts';

/** When a phone may move from an inactive account to the user who proves the number. */
export interface TakeoverPolicy {
  /** Days without activity; 0 permits no move. */
  afterDays: number;
  /** Activity of an account that has none recorded, epoch ms. */
  deployedOnMs: number;
}

const DAY_MS = 24 * 3_600_000;

/**
 * Parses PHONE_TAKEOVER_DAYS and DEPLOYED_ON.
 * @throws NOT_CONFIGURED
 */
export function readTakeoverPolicy(afterDays: string, deployedOn: string): TakeoverPolicy {
  if (!/^\d{1,5}$/.test(afterDays))
    throw badSetting('PHONE_TAKEOVER_DAYS', 'must be a number of days such as 90, or 0');
  const deployedOnMs = /^\d{4}-\d\d-\d\d$/.test(deployedOn) ? Date.parse(deployedOn) : Number.NaN;
  if (Number.isNaN(deployedOnMs)) throw badSetting('DEPLOYED_ON', 'must be a day such as 2026-11-20');
  return { afterDays: Number(afterDays), deployedOnMs };
}

/**
 * Returns whether the phone of this account may move to another account: the user was inactive for the days of the
 * policy, the wallets hold nothing, and no order is open. The recorded activity may be up to 14 days older than the
 * last use: a login is recorded once in 7 days, and a session lasts 7 days.
 */
export async function mayLosePhone(
  { table, now, takeover }: Pick<Runtime, 'now'> & { table: Table; takeover: TakeoverPolicy },
  account: Account,
): Promise<boolean> {
  const { afterDays, deployedOnMs } = takeover;
  const activeAtMs = account.lastActiveAt === undefined ? deployedOnMs : Date.parse(account.lastActiveAt);
  if (afterDays === 0 || now() - activeAtMs < afterDays * DAY_MS) return false;
  const ids = allIdsOf(account);
  const [balances, open] = await Promise.all([
    Promise.all(ids.map((id) => readBalance(table, id))),
    Promise.all(ids.map((id) => findOpenOrder(table, id))),
  ]);
  return balances.every((balanceFen) => balanceFen <= 0) && open.every((order) => order === undefined);
}
