import { settings } from '../core/config.ts';
import { budgeted, type Budgeted } from '../core/deadline.ts';
import type { Send } from '../core/outbound.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { PushDeps } from '../mini-program/answer-push.ts';
import { replies } from '../mini-program/replies.ts';
import { checkReplies } from '../mini-program/reply-to.ts';
import type { VirtualPushDeps } from '../mini-program/virtual-order.ts';
import { plainText } from '../pushes/keyword-replies.ts';
import { loadPushKeys } from '../pushes/push-keys.ts';
import type { PushKeys } from '../wechat/open-push.ts';
import { virtualRefundApi } from '../wechat-pay/virtual/api.ts';
import { loadVerdicts } from './content-check.ts';
import type { Stored } from './table.ts';
import { hasVirtualPay, loadVirtualSettings, virtualComplaints, virtualLoader, virtualOrders } from './virtual-pay.ts';

/**
 * Loads the dependencies of pushes of the mini-program. Their calls have a deadline, because WeChat waits.
 * @throws NOT_CONFIGURED
 */
export async function loadMiniappEvents(
  outside: Runtime = runtime,
): Promise<Budgeted<PushDeps & { pushKeys: Omit<PushKeys, 'nowMs'> }>> {
  const pushKeys = await loadPushKeys('MINIAPP');
  const { SITE_NAME: siteName } = settings('SITE_NAME');
  const { appId } = pushKeys;
  const verdicts = await loadVerdicts(outside);
  const deps = { ...verdicts, appId, pushKeys, replies: checkReplies(replies(plainText(siteName))) };
  const virtualPay = hasVirtualPay() ? loadVirtualPushes(verdicts, appId) : undefined;
  return budgeted(outside, (send) => ({ ...deps, virtualPay: virtualPay?.(send) }));
}

/** The credentials of virtual payment are loaded at the first call: most pushes need no call. */
function loadVirtualPushes(stored: Stored, appId: string): (send: Send) => VirtualPushDeps {
  const seller = { appId, ...loadVirtualSettings() };
  const load = virtualLoader(stored);
  return (send) => ({
    ...stored,
    seller,
    payApi: () => virtualOrders(load)(send),
    refundApi: async () => virtualRefundApi((await load())(send)),
    ...virtualComplaints(load, stored)(send),
  });
}
