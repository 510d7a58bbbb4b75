import type { Runtime } from '../core/runtime.ts';
import { claimPush } from '../pushes/claim-push.ts';
import { reportUnknown } from '../pushes/report-push.ts';
import type { Table } from '../store/table.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import { onPushArrived } from './push-arrived.ts';

export type PushDeps = Pick<Runtime, 'log' | 'now' | 'randomBytes'> & { table: Table; appId: string };

/** Passes a new push to push-arrived.ts. A repetition has no effect. */
export async function passOn(deps: PushDeps, push: MiniappPush): Promise<void> {
  if (!(await claimPush(deps, 'miniapp-push', push.pushId))) return;
  reportUnknown(deps, 'mini-program', push);
  await onPushArrived(deps, push);
}
