import { AppError, isAppError } from '../core/errors.ts';
import { takeListedComplaints } from '../complaints/take-listed-complaints.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import { errcodeOf } from '../wechat/platform-error.ts';
import { UNKNOWN_OPENID } from '../wechat-pay/virtual/errors.ts';
import { eventName, type MiniappEvent } from '../wechat/miniapp-push-content.ts';
import type { MiniappReply } from '../wechat/miniapp-reply.ts';
import { answerApple } from './answer-apple.ts';
import type { PassOnDeps } from './pass-on.ts';
import { refuseVirtualPay } from './refuse-virtual-pay.ts';
import { takeDelivery } from './take-delivery.ts';
import { takeVirtualRefund } from './take-virtual-refund.ts';
import type { VirtualPushDeps } from './virtual-order.ts';

export type VirtualPayDeps = PassOnDeps & {
  /** Undefined while virtual payment is not set up. */
  virtualPay: VirtualPushDeps | undefined;
};

const DONE: MiniappReply = { type: 'virtual-pay-result', code: 0, message: 'success' };
const NOT_DONE: MiniappReply = { type: 'virtual-pay-result', code: 1, message: 'not done' };

/** Returns whether the event belongs to virtual payment, also if its name is unknown. */
export function isVirtualPay(content: MiniappEvent): boolean {
  return eventName(content).startsWith('xpay_');
}

/**
 * Handles an event of virtual payment. WeChat takes `ErrCode` 0 as proof of the delivery, so the answer has another code
 * until the ledger has the payment, the refund or the complaint. WeChat then repeats the push up to 15 times.
 * @returns the answer; undefined for a bare `success`
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export async function takeVirtualPay(
  { virtualPay, ...deps }: VirtualPayDeps,
  push: MiniappPush,
  content: MiniappEvent,
): Promise<MiniappReply | undefined> {
  if (!virtualPay) return refuseVirtualPay(deps, content);
  switch (content.event) {
    case 'xpay_goods_deliver_notify':
      return answerOf(deps, content, content.outTradeNo, takeDelivery(virtualPay, push, content));
    case 'xpay_refund_notify':
      return answerOf(deps, content, content.refund.mchOrderId, takeVirtualRefund(virtualPay, push, content));
    case 'xpay_complaint_notify':
      return answerOf(deps, content, content.complaint.mchOrderId, takeListedComplaints(virtualPay, content.complaint));
    case 'xpay_subscribe_ios_refund_query_notify':
      return answerApple(virtualPay, push, content);
    default:
      return refuseVirtualPay(deps, content);
  }
}

/**
 * Returns the answer to a push. The text does not name the reason of a failure, because an attacker can send a push in
 * plain mode.
 * @throws NOT_CONFIGURED, WECHAT_CONFIG, and errors other than AppError: an HTTP error, after which WeChat repeats the push
 */
async function answerOf(
  { log }: Pick<PassOnDeps, 'log'>,
  { event }: MiniappEvent,
  outTradeNo: string,
  taken: Promise<boolean>,
): Promise<MiniappReply> {
  try {
    return (await taken) ? DONE : NOT_DONE;
  } catch (error) {
    log.error('virtual-pay.push-failed', { event, outTradeNo, error });
    if (!(error instanceof AppError) || isSettingError(error)) throw error;
    return NOT_DONE;
  }
}

/**
 * Returns whether only an operator can correct the cause: the alarm of the webhook counts 5xx. An attacker can send an
 * unknown openid.
 */
function isSettingError(error: AppError): boolean {
  if (isAppError(error, 'WECHAT_CONFIG')) return errcodeOf(error) !== UNKNOWN_OPENID;
  return isAppError(error, 'NOT_CONFIGURED');
}
