import type { Runtime } from '../core/runtime.ts';
import { claimPush } from '../pushes/claim-push.ts';
import { reportUnknown } from '../pushes/report-push.ts';
import type { Table } from '../store/table.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import { onPushArrived } from './push-arrived.ts';
import type { MiniappReplies } from './reply-to.ts';

export type PassOnDeps = Pick<Runtime, 'log' | 'now' | 'sleep' | 'randomBytes'> & {
  table: Table;
  appId: string;
  replies: MiniappReplies;
};

/**
 * Passes a new push to push-arrived.ts. A repetition has no effect.
 * @param claim records the push, and returns whether it is new
 */
export async function passOn(
  deps: PassOnDeps,
  push: MiniappPush,
  claim: () => Promise<boolean> = () => claimPush(deps, 'miniapp-push', push.pushId),
): Promise<void> {
  if (!(await claim())) return;
  reportUnknown(deps, 'mini-program', push);
  await onPushArrived(deps, push);
}
