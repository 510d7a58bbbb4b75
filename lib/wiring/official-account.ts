import { badSetting, settings } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { PushDeps } from '../official-account/answer-push.ts';
import { plainText } from '../pushes/keyword-replies.ts';
import { replies } from '../official-account/replies.ts';
import { checkReplies } from '../official-account/reply-to.ts';
import { loadPushKeys } from '../pushes/push-keys.ts';
import type { PushKeys } from '../wechat/open-push.ts';
import { loadTable } from './table.ts';

/**
 * Loads the dependencies of pushes of the official account.
 * @throws NOT_CONFIGURED
 */
export async function loadOfficialEvents(
  outside: Runtime = runtime,
): Promise<PushDeps & { pushKeys: Omit<PushKeys, 'nowMs'> }> {
  const pushKeys = await loadPushKeys('OFFICIAL');
  const { SITE_NAME: siteName, SCAN_LOGIN_CONFIRM: confirmBy } = settings('SITE_NAME', 'SCAN_LOGIN_CONFIRM');
  if (confirmBy !== 'tap' && confirmBy !== 'scan') throw badSetting('SCAN_LOGIN_CONFIRM', 'must be tap or scan');
  const { appId } = pushKeys;
  return {
    ...(await loadTable(outside)),
    appId,
    pushKeys,
    confirmBy,
    replies: checkReplies(replies(plainText(siteName))),
  };
}
