import type { Runtime } from '../runtime.ts';
import { clearWechatProfile, readAccount } from '../store/accounts.ts';
import { readIdentity, requestFollowUp, setSubscribed, type Person } from '../store/identities.ts';
import type { Table } from '../store/table.ts';
import { dropUserToken } from '../store/user-tokens.ts';

type FollowDeps = Pick<Runtime, 'log'> & { table: Table };

/**
 * Somebody began or ceased to follow the official account, at `atS` (CreateTime of the push). One write, which a late
 * or repeated push does not win. Who a new follower is, is asked of WeChat afterwards: see follow-up.ts.
 */
export async function followChanged(
  { table, log }: FollowDeps,
  { follows, ...push }: { appId: string; openId: string; follows: boolean; atS: number },
): Promise<void> {
  const kept = await setSubscribed(table, { ...push, subscribed: follows });
  if (kept)
    log.info(follows ? 'official-account.subscribed' : 'official-account.unsubscribed', { openId: push.openId });
}

/** Somebody changed their profile at WeChat, which they once let us see: it is fetched anew afterwards. */
export function profileChanged({ table }: FollowDeps, person: Person): Promise<void> {
  return requestFollowUp(table, person, 'profile');
}

/** Somebody took back their consent, does not follow any more, or left WeChat: what we were shown of them goes. */
export async function forgetProfile({ table, log }: FollowDeps, person: Person): Promise<void> {
  const [identity] = await Promise.all([readIdentity(table, person, 'strong'), dropUserToken(table, person)]);
  const account = identity?.accountId && (await readAccount(table, identity.accountId, 'strong'));
  if (!account) return;
  if (await clearWechatProfile(table, account.id)) log.info('identity.profile-forgotten', { accountId: account.id });
}
