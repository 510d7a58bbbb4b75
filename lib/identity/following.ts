import type { Runtime } from '../core/runtime.ts';
import { clearWechatProfile, readAccount } from '../store/accounts.ts';
import { readIdentity, requestFollowUp, setSubscribed, type Person } from '../store/identities.ts';
import type { Table } from '../store/table.ts';
import { dropUserToken } from '../store/user-tokens.ts';

type FollowDeps = Pick<Runtime, 'log' | 'now'> & { table: Table };

/**
 * Somebody began or ceased to follow the official account, at `atS` (CreateTime of the push). A late or repeated push
 * changes nothing. Who a new follower is, is asked of WeChat afterwards: see follow-up.ts. What WeChat showed us of a
 * person goes with them (platform 3.5).
 */
export async function followChanged(
  deps: FollowDeps,
  { follows, ...push }: { appId: string; openId: string; follows: boolean; atS: number },
): Promise<void> {
  if (!(await setSubscribed(deps.table, { ...push, subscribed: follows, nowMs: deps.now() }))) return;
  const event = follows ? 'official-account.subscribed' : 'official-account.unsubscribed';
  deps.log.info(event, { openId: push.openId });
  if (!follows) await forgetProfile(deps, push);
}

/** Somebody changed their profile at WeChat, which they once let us see: it is fetched anew afterwards. */
export function profileChanged({ table, now }: FollowDeps, person: Person): Promise<void> {
  return requestFollowUp(table, person, now());
}

/** Somebody took back their consent, or left WeChat: what we were shown of their profile goes. */
export async function forgetProfile({ table, log }: FollowDeps, { appId, openId }: Person): Promise<void> {
  const person = { appId, openId };
  const [identity] = await Promise.all([readIdentity(table, person, 'strong'), dropUserToken(table, person)]);
  const account = identity?.accountId && (await readAccount(table, identity.accountId, 'strong'));
  if (account && (await clearWechatProfile(table, account))) {
    log.info('identity.profile-forgotten', { accountId: account.id });
  }
}
