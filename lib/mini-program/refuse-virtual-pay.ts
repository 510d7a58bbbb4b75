import { countMetric } from '../core/metrics.ts';
import type { Runtime } from '../core/runtime.ts';
import { eventName, type MiniappEvent } from '../wechat/miniapp-push-content.ts';
import type { MiniappReply } from '../wechat/miniapp-reply.ts';

/** Any code but 0 makes WeChat repeat the push. */
const NOT_HANDLED = 1;

/**
 * Reports an event of virtual payment that no flow handles, or all events while virtual payment is not set up. WeChat takes
 * a bare `success` as proof of the delivery, so the answer is an error: WeChat repeats the push up to 15 times, and the good
 * stays undelivered. The question of Apple about a refund has another form of answer. A bare `success` is no such answer,
 * and leaves the question open.
 * @returns the answer; undefined for a bare `success`
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export function refuseVirtualPay({ log }: Pick<Runtime, 'log'>, content: MiniappEvent): MiniappReply | undefined {
  log.error('mini-program.push-unhandled', { name: eventName(content) });
  countMetric('UnhandledPushes', { App: 'mini-program' });
  if (content.event === 'xpay_subscribe_ios_refund_query_notify') return undefined;
  return { type: 'virtual-pay-result', code: NOT_HANDLED, message: 'This service does not handle virtual payments' };
}
