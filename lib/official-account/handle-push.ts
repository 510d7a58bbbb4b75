import type { Runtime } from '../core/runtime.ts';
import type { OfficialPush } from '../wechat/official-push.ts';

/**
 * Applies the effect of a message, a click or a report, besides its reply. Edit this function.
 *
 * It runs once per push, before WeChat gets its answer, which must arrive within five seconds. WeChat repeats a push
 * whose handling failed, but this function does not run again for the repeated push. Store essential data first, in one
 * write, and do everything else afterwards.
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
 */
export async function handlePush({ log }: Pick<Runtime, 'log'>, { content, openId }: OfficialPush): Promise<void> {
  const type = content.type === 'event' ? content.event : content.kind;
  log.info('official-account.push-received', { type, ...('name' in content && { name: content.name }), openId });
}
