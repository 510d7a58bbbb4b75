import type { Runtime } from '../core/runtime.ts';
import type { OfficialPush } from '../wechat/official-push.ts';

/**
 * Applies the effect of a push, besides its reply. Edit this function. It receives messages, clicks, reports, and scans
 * and follows with another scene than that of a login, such as a channel code.
 *
 * It runs once per push, before WeChat gets its answer, which must arrive within five seconds. WeChat repeats a push
 * whose handling failed, but this function does not run again for the repeated push. Store essential data first, in one
 * write, and do everything else afterwards. The event `official-account.scene-scanned` does not depend on this function.
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
 */
export async function onPushArrived({ log }: Pick<Runtime, 'log'>, { content, openId }: OfficialPush): Promise<void> {
  const type = content.type === 'event' ? content.event : content.kind;
  log.info('official-account.push-received', { type, ...('name' in content && { name: content.name }), openId });
}
