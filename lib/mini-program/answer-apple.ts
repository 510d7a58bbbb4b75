import { beijingMinute } from '../core/beijing-time.ts';
import { ownerOf } from '../store/keys.ts';
import { isPaid } from '../store/order-states.ts';
import { readOrder, type Order } from '../store/orders.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import type { AppleRefundAnswer } from '../wechat/miniapp-reply.ts';
import type { VirtualEvent } from '../wechat-pay/virtual/pushes.ts';
import type { VirtualPushDeps } from './virtual-order.ts';

/**
 * Answers the question of Apple whether a payment may be refunded, from the ledger. Apple waits three seconds, so WeChat is
 * not called. The answer to a push in plain mode would reveal the order to an attacker.
 * @returns undefined, a bare `success`, if the answer is uncertain
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export async function answerApple(
  { table, log }: VirtualPushDeps,
  { openedWith }: MiniappPush,
  { question }: VirtualEvent<'xpay_subscribe_ios_refund_query_notify'>,
): Promise<AppleRefundAnswer | undefined> {
  const { payOrderId: outTradeNo } = question;
  const order = openedWith && ownerOf(outTradeNo) !== '-' ? await readOrder(table, outTradeNo) : undefined;
  const answer = order && answerAbout(order);
  log.info('virtual-pay.apple-asked', { outTradeNo, advice: answer?.advice ?? 'none' });
  return answer;
}

function answerAbout(order: Order): AppleRefundAnswer {
  const { outTradeNo, description, state, paidAt } = order;
  const type = 'apple-refund-answer';
  const subject = `订单 ${outTradeNo}（${description}）`;
  if (!isPaid(order) || paidAt === undefined) {
    return { type, advice: 'refund', info: '未发货，同意退款', evidence: `${subject}没有支付记录，商品未发放。` };
  }
  const delivered = `${subject}已于北京时间 ${beijingMinute(Date.parse(paidAt))} 支付，虚拟商品已在支付后立即发放到用户账户。`;
  if (state === 'PAID') return { type, advice: 'refuse', info: '已发货，不同意退款', evidence: delivered };
  const evidence = `${delivered}该订单${state === 'REFUNDED' ? '已经退款' : '正在退款'}。`;
  return { type, advice: 'refuse', info: '已在退款流程中，不再重复退款', evidence };
}
