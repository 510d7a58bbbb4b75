import { joinTrace, readCheck, type ContentCheck } from '../store/content-checks.ts';
import type { MediaCheckEvent } from '../wechat/miniapp-push-content.ts';
import { settle, type ConcludeDeps } from './conclude.ts';

/**
 * Takes the verdict about a picture from a push. A repeated push has no further effect. The verdict of an unknown trace is
 * kept for a day: the answer to its request may still be on its way, or was lost. A verdict of plain mode counts too: only
 * WeChat and this service have the trace.
 * @returns the state of the check; undefined for an unknown trace
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_mediacheckasync
 */
export async function takeVerdict(
  deps: ConcludeDeps,
  { traceId, suggest, label }: Omit<MediaCheckEvent, 'event'>,
): Promise<ContentCheck['state'] | undefined> {
  const { checkId } = await joinTrace(deps.table, traceId, { suggest, label }, deps.now());
  const check = checkId === undefined ? undefined : await readCheck(deps.table, checkId, deps.now());
  if (check) return settle(deps, check, { traceId, suggest, label });
  deps.log.info('content-check.unknown', { traceId });
  return undefined;
}
