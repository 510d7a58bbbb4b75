import { countMetric } from '../core/metrics.ts';
import type { Runtime } from '../core/runtime.ts';
import type { OfficialPush } from '../wechat/official-push.ts';
import type { UnreadablePush } from '../wechat/open-push.ts';

const DIMENSIONS = { App: 'official-account' } as const;

/** Logs and counts an authentic push that cannot be read. The log contains nothing of the push. */
export function reportUnreadable({ log }: Pick<Runtime, 'log'>, { unreadable: reason }: UnreadablePush): void {
  log.warn('official-account.push-unreadable', { reason });
  countMetric('UnreadablePushes', DIMENSIONS);
}

/** Logs and counts a push of an unknown type. Does nothing for any other push. */
export function reportUnknown({ log }: Pick<Runtime, 'log'>, { content, openId }: OfficialPush): void {
  if (!('name' in content)) return;
  log.warn('official-account.push-unknown', { type: content.type, name: content.name, openId });
  countMetric('UnknownPushes', DIMENSIONS);
}
