import type { MiniappPush } from '../wechat/miniapp-push.ts';
import type { MiniappReply } from '../wechat/miniapp-reply.ts';
import { answerMessage } from './answer-message.ts';
import { passOn, type PushDeps } from './pass-on.ts';
import { isVirtualPay, refuseVirtualPay } from './refuse-virtual-pay.ts';

/**
 * Handles one push of the mini-program. WeChat repeats pushes, so each push that is passed on is recorded: its
 * repetition has no effect and gets the same answer.
 * @returns the answer; undefined for a bare `success`
 */
export async function answerPush(deps: PushDeps, push: MiniappPush): Promise<MiniappReply | undefined> {
  const { content } = push;
  if (content.type === 'message' || content.event === 'user_enter_tempsession') return answerMessage(deps, push);
  if (isVirtualPay(content)) return refuseVirtualPay(deps, content);
  await passOn(deps, push);
  return undefined;
}
