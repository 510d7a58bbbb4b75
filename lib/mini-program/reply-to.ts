import {
  checkTexts,
  findReply,
  namedKeywords,
  type KeywordReply,
  type PublishMessage,
} from '../pushes/keyword-replies.ts';
import type { CustomerMessage } from '../wechat/customer-message.ts';
import type { MiniappPushContent } from '../wechat/miniapp-push-content.ts';
import type { TransferToService } from '../wechat/miniapp-reply.ts';

/** The automatic replies of the mini-program, which `replies.ts` defines. */
export interface MiniappReplies {
  greeting?: CustomerMessage;
  keywords: KeywordReply<MessageReply>[];
  otherwise?: MessageReply;
}

/** The reply to a message: a customer-service message, the customer-service tool of WeChat, or an event. */
export type MessageReply = CustomerMessage | TransferToService | PublishMessage;

/**
 * Returns the replies if WeChat can show every text.
 * @throws NOT_CONFIGURED that names the first text that is too long
 */
export function checkReplies(replies: MiniappReplies): MiniappReplies {
  const { greeting, keywords, otherwise } = replies;
  checkTexts('lib/mini-program/replies.ts', { greeting, ...namedKeywords(keywords), otherwise });
  return replies;
}

/**
 * Returns the reply to a push, or undefined when `replies` contains no reply to it. The reply depends only on the
 * arguments, so a repeated push gets the same reply. A message of an unknown type has no reply.
 */
export function replyTo(content: MiniappPushContent, replies: MiniappReplies): MessageReply | undefined {
  if (content.type === 'event') return content.event === 'user_enter_tempsession' ? replies.greeting : undefined;
  if (content.kind === 'other') return undefined;
  return (content.kind === 'text' && findReply(content.text, replies.keywords)) || replies.otherwise;
}
