import { badSetting } from '../core/config.ts';
import type { Runtime } from '../core/runtime.ts';
import { ACTIVITY_INTERVAL_S, allIdsOf, type Account } from '../store/accounts.ts';
import { findUnsettledOrder } from '../store/order-lists.ts';
import type { Table } from '../store/table.ts';
import { readBalance } from '../store/wallets.ts';
import { SESSION_LIFE_S } from './open-session.ts';

/** When a phone may move from an inactive account to the user who proves the number. */
export interface TakeoverPolicy {
  /** Days without use of the account; 0 permits no move. */
  afterDays: number;
  /** Activity of an account that has none recorded, epoch ms. */
  deployedOnMs: number;
}

const DAY_MS = 24 * 3_600_000;
/** Maximum time between the recorded activity and the last use: a login that is not recorded, and then its session. */
const RECORD_AGE_MS = (ACTIVITY_INTERVAL_S + SESSION_LIFE_S) * 1_000;

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
 * policy, the wallets hold nothing, and no order is open. The recorded activity may be RECORD_AGE_MS older than the
 * last use, so it must be older than the days of the policy and RECORD_AGE_MS together.
 */
export async function mayLosePhone(
  { table, now, takeover }: Pick<Runtime, 'now'> & { table: Table; takeover: TakeoverPolicy },
  account: Account,
): Promise<boolean> {
  const { afterDays, deployedOnMs } = takeover;
  const activeAtMs = account.lastActiveAt === undefined ? deployedOnMs : Date.parse(account.lastActiveAt);
  if (afterDays === 0 || now() - activeAtMs < afterDays * DAY_MS + RECORD_AGE_MS) return false;
  const ids = allIdsOf(account);
  const [balances, open] = await Promise.all([
    Promise.all(ids.map((id) => readBalance(table, id))),
    Promise.all(ids.map((id) => findUnsettledOrder(table, id))),
  ]);
  return balances.every((balanceFen) => balanceFen <= 0) && open.every((order) => order === undefined);
}
