import type { Runtime } from '../core/runtime.ts';
import type { OfficialPush } from '../wechat/official-push.ts';

/**
 * Here goes what a message, a click or a report shall cause, besides its reply: it is called once for each push, before
 * WeChat has its answer, which must come within five seconds (platform 3.7). A push whose handling fails is repeated by
 * WeChat, but not handed in here again: what must not get lost belongs in one write, and everything else behind it.
 */
export async function pushArrived({ log }: Pick<Runtime, 'log'>, { content, openId }: OfficialPush): Promise<void> {
  const type = content.type === 'event' ? content.event : content.kind;
  log.info('official-account.push', { type, ...('name' in content && { name: content.name }), openId });
}
