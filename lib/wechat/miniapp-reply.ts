import { cdata } from '../core/cdata.ts';
import type { MiniappPush } from './miniapp-push.ts';
import { sealReply, secondsOf, type ReplyDeps } from './seal-reply.ts';

/**
 * The answer to a push of the mini-program, if it is not a bare `success`. A push has no text as its answer: texts go
 * out as customer-service messages.
 */
export type MiniappReply = TransferToService | VirtualPayResult | AppleRefundAnswer;

/**
 * Passes a message to the customer-service tool of WeChat. WeChat transfers messages only.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/trans.html
 */
export interface TransferToService {
  type: 'transfer_customer_service';
}

/**
 * The result of a push of virtual payment. WeChat repeats the push unless `code` is 0, and takes 0 as proof of the
 * delivery.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
interface VirtualPayResult {
  type: 'virtual-pay-result';
  code: number;
  message: string;
}

/**
 * The answer to the question of Apple whether a payment may be refunded. Apple decides, and reads `evidence`.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export interface AppleRefundAnswer {
  type: 'apple-refund-answer';
  advice: 'refund' | 'refuse';
  info: string;
  evidence: string;
}

type Elements = Record<string, string | number>;

/**
 * Renders the answer to a push in the format of the push. An encrypted push gets an encrypted answer with the same key.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 */
export function renderMiniappReply(push: MiniappPush, reply: MiniappReply, deps: ReplyDeps): string {
  const elements = elementsOf(push, reply, deps);
  return sealReply(push.format === 'json' ? JSON.stringify(elements) : renderXml(elements), push, deps);
}

function elementsOf({ openId, originalId }: MiniappPush, reply: MiniappReply, { keys }: ReplyDeps): Elements {
  switch (reply.type) {
    case 'transfer_customer_service':
      return { ToUserName: openId, FromUserName: originalId, CreateTime: secondsOf(keys), MsgType: reply.type };
    case 'virtual-pay-result':
      return { ErrCode: reply.code, ErrMsg: reply.message };
    case 'apple-refund-answer': {
      const { advice, info, evidence } = reply;
      return { result_code: advice === 'refund' ? 0 : 1, result_info: info, evidence };
    }
  }
}

function renderXml(elements: Elements): string {
  const children = Object.entries(elements).map(
    ([name, value]) => `<${name}>${typeof value === 'string' ? cdata(value) : value}</${name}>`,
  );
  return `<xml>${children.join('')}</xml>`;
}
