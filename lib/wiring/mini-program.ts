import { settings } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { PushDeps } from '../mini-program/answer-push.ts';
import { replies } from '../mini-program/replies.ts';
import { checkReplies } from '../mini-program/reply-to.ts';
import { plainText } from '../pushes/keyword-replies.ts';
import { loadPushKeys } from '../pushes/push-keys.ts';
import type { PushKeys } from '../wechat/open-push.ts';
import { loadVerdicts } from './content-check.ts';

/**
 * Loads the dependencies of pushes of the mini-program.
 * @throws NOT_CONFIGURED
 */
export async function loadMiniappEvents(
  outside: Runtime = runtime,
): Promise<PushDeps & { pushKeys: Omit<PushKeys, 'nowMs'> }> {
  const pushKeys = await loadPushKeys('MINIAPP');
  const { SITE_NAME: siteName } = settings('SITE_NAME');
  const { appId } = pushKeys;
  return { ...(await loadVerdicts(outside)), appId, pushKeys, replies: checkReplies(replies(plainText(siteName))) };
}
