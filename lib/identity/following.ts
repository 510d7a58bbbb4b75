import type { Runtime } from '../core/runtime.ts';
import {
  readIdentity,
  requestIdentitySync,
  requestUnionLookup,
  setSubscribed,
  type FollowPush,
  type Identity,
  type Person,
} from '../store/identities.ts';
import type { Table } from '../store/table.ts';
import { eraseWechatProfile } from './erase-profile.ts';

type Follow = Person & FollowPush & { follows: boolean; arrivedAtMs?: number | undefined };
type FollowDeps = Pick<Runtime, 'log' | 'now' | 'sleep'> & { table: Table };

/**
 * Records that a user followed or unfollowed the official account.
 *
 * A push that is older than the last stored push changes nothing; a repeated push is idempotent. The unionid of a new
 * follower is looked up later: see sync-identity.ts. The profile from WeChat is erased when the user unfollows.
 * @param follow `arrivedAtMs` is the arrival of a push whose follow is stored later (epoch ms); default: now
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
 */
export async function recordFollow(
  deps: FollowDeps,
  { follows, arrivedAtMs = deps.now(), ...push }: Follow,
): Promise<void> {
  if (!(await setSubscribed(deps.table, { ...push, subscribed: follows, arrivedAtMs }))) return;
  const event = follows ? 'official-account.subscribed' : 'official-account.unsubscribed';
  deps.log.info(event, { openId: push.openId });
  if (!follows) await eraseWechatProfile(deps, push);
}

/**
 * Requests the lookup of the missing unionid of a user of the official account, at most once a day. Requests nothing for
 * a user without an identity, because such a user has no account to merge.
 * @returns the stored identity of the user, if any
 */
export async function requestUnionId({ table, now }: FollowDeps, person: Person): Promise<Identity | undefined> {
  const identity = await readIdentity(table, person, 'eventual');
  if (identity) await requestUnionLookup(table, identity, now());
  return identity;
}

/** Requests a refresh of the WeChat profile of a user who consented to it. */
export function requestProfileSync({ table, now }: FollowDeps, person: Person): Promise<void> {
  return requestIdentitySync(table, person, now());
}
