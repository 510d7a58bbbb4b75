import type { Runtime } from '../core/runtime.ts';
import type { OfficialPush } from '../wechat/official-push.ts';

/**
 * The effect of a message, a click or a report besides its reply: edit this function. It is called once for each push,
 * before WeChat gets its answer, which must arrive within five seconds (platform 3.7). WeChat repeats a push whose
 * handling failed, but this function is not called again for it: put what must not get lost into one write, and everything
 * else behind it.
 */
export async function handlePush({ log }: Pick<Runtime, 'log'>, { content, openId }: OfficialPush): Promise<void> {
  const type = content.type === 'event' ? content.event : content.kind;
  log.info('official-account.push', { type, ...('name' in content && { name: content.name }), openId });
}
