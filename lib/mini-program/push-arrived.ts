import type { Runtime } from '../core/runtime.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';

/**
 * Applies the effect of a push, besides its answer. Edit this function. It receives messages, entries into the
 * customer-service chat, reports about subscribe messages, and events of the order shipping management.
 *
 * The service itself takes in the events of order shipping before (lib/shipping/take-trade-push.ts): it follows the
 * shipment, and publishes `order.shipped`, `order.received`, `order.settled` and `payment.limited`. Consumers of these
 * events also learn of a shipment whose push was lost. So use this function only for an additional effect.
 *
 * It runs once per push, before WeChat gets its answer, which must arrive within five seconds. WeChat repeats a push
 * whose handling failed, but this function does not run again for the repeated push. Store essential data first, in one
 * write, and do everything else afterwards.
 *
 * The same fact can arrive in several pushes, and an event of an order even days later. Identify a message by `msgId`,
 * and an event of an order by its `transactionId`: all events of orders have one sender.
 *
 * `openedWith` is absent for a push in plain mode. An attacker with one signed address can send any content in plain
 * mode, so such a push must not move money, deliver goods, or reveal or delete data.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 */
export async function onPushArrived({ log }: Pick<Runtime, 'log'>, { content, openId }: MiniappPush): Promise<void> {
  const type = content.type === 'event' ? content.event : content.kind;
  log.info('mini-program.push-received', { type, ...('name' in content && { name: content.name }), openId });
}
