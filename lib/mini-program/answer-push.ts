import { takeVerdict } from '../content-check/take-verdict.ts';
import type { ConcludeDeps } from '../content-check/conclude.ts';
import { eraseProfile } from '../identity/erase-profile.ts';
import { recordRevocation } from '../privacy/record-revocation.ts';
import { takeTradePush } from '../shipping/take-trade-push.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import type { MiniappReply } from '../wechat/miniapp-reply.ts';
import { answerMessage } from './answer-message.ts';
import { passOn } from './pass-on.ts';
import { isVirtualPay, takeVirtualPay, type VirtualPayDeps } from './take-virtual-pay.ts';

export type PushDeps = VirtualPayDeps & ConcludeDeps;

/**
 * Handles one push of the mini-program. WeChat repeats pushes, so each push that is passed on is recorded: its
 * repetition has no effect and gets the same answer. The effects of a content check, of order shipping and of virtual payment
 * need no record: the trace and the state of the order make a repetition harmless.
 *
 * The signature of plain mode covers no content (`openedWith` is absent): an attacker with one signed address can send any
 * push. A plain push must therefore deliver nothing, release nothing and reveal nothing.
 * @returns the answer; undefined for a bare `success`
 */
export async function answerPush(deps: PushDeps, push: MiniappPush): Promise<MiniappReply | undefined> {
  const { content } = push;
  if (content.type === 'message' || content.event === 'user_enter_tempsession') return answerMessage(deps, push);
  if (isVirtualPay(content)) return takeVirtualPay(deps, push, content);
  switch (content.event) {
    case 'user_info_modified':
      // WeChat removed a name or a picture. It cannot be fetched again, so the copy here is removed too.
      await eraseProfile(deps, { appId: deps.appId, ...content.subject });
      return undefined;
    case 'user_authorization_revoke':
    case 'user_authorization_cancellation':
      await recordRevocation(deps, push, content);
      return undefined;
    case 'wxa_media_check':
      await takeVerdict(deps, content);
      return undefined;
    case 'trade_manage_order_settlement':
    case 'trade_manage_remind_shipping':
    case 'trade_manage_remind_access_api':
    case 'wxa_trade_controlled':
      // Before the record of the push, so that the repetition of a push whose handling failed has its effect.
      await takeTradePush(deps, push, content);
      await passOn(deps, push);
      return undefined;
    default:
      await passOn(deps, push);
      return undefined;
  }
}
