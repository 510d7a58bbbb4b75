import type { MiniappPush } from '../wechat/miniapp-push.ts';
import type { MiniappReply } from '../wechat/miniapp-reply.ts';
import { passOn, type PushDeps } from './pass-on.ts';

/**
 * Handles a message that a user sent to the customer service of the mini-program.
 * @returns the answer; undefined for a bare `success`
 */
export async function answerMessage(deps: PushDeps, push: MiniappPush): Promise<MiniappReply | undefined> {
  await passOn(deps, push);
  return undefined;
}
