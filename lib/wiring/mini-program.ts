import { settings } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { PushDeps } from '../mini-program/answer-push.ts';
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
  return { ...(await loadVerdicts(outside)), appId: pushKeys.appId, pushKeys };
}
