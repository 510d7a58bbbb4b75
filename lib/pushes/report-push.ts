import { countMetric, type PushApp } from '../core/metrics.ts';
import type { Runtime } from '../core/runtime.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import type { OfficialPush } from '../wechat/official-push.ts';
import type { UnreadablePush } from '../wechat/open-push.ts';

type LogDeps = Pick<Runtime, 'log'>;

/** Logs and counts an authentic push that cannot be read. The log contains nothing of the push. */
export function reportUnreadable({ log }: LogDeps, app: PushApp, { unreadable: reason }: UnreadablePush): void {
  log.warn(`${app}.push-unreadable`, { reason });
  countMetric('UnreadablePushes', { App: app });
}

/** Logs and counts a push of an unknown type. Does nothing for any other push. */
export function reportUnknown({ log }: LogDeps, app: PushApp, { content, openId }: OfficialPush | MiniappPush): void {
  if (!('name' in content)) return;
  log.warn(`${app}.push-unknown`, { type: content.type, name: content.name, openId });
  countMetric('UnknownPushes', { App: app });
}
