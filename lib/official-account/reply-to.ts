import {
  checkTexts,
  findReply,
  namedKeywords,
  type KeywordReply,
  type PublishMessage,
} from '../pushes/keyword-replies.ts';
import type { Reply } from '../wechat/official-reply.ts';
import type { PushContent } from '../wechat/push-content.ts';

/** The automatic replies of the official account, which `replies.ts` defines. */
export interface Replies {
  loginScanned(page: LoginPage): string;
  loginDone(page: LoginPage): string;
  loginCancelled: Reply;
  loginExpired: Reply;
  greeting?: Reply;
  keywords: KeywordReply<MessageReply>[];
  menu: Record<string, Reply>;
  otherwise?: MessageReply;
}

/** The reply to a message, which can also be published. */
export type MessageReply = Reply | PublishMessage;

/** The page that a user logs in, in words for the chat. */
export interface LoginPage {
  /** Time of the request, in Beijing. */
  time: string;
  /** City or country, or the IP address. */
  place: string;
  browser: string;
}

/**
 * Returns the replies if WeChat can show every text. The texts about a login depend on the page, so they are cut when
 * they are rendered.
 * @throws NOT_CONFIGURED that names the first text that is too long
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
 */
export function checkReplies(replies: Replies): Replies {
  const { loginCancelled, loginExpired, greeting, keywords, menu, otherwise } = replies;
  const menuTexts = Object.fromEntries(Object.entries(menu).map(([key, reply]) => [`menu.${key}`, reply]));
  const texts = { loginCancelled, loginExpired, greeting, ...namedKeywords(keywords), ...menuTexts, otherwise };
  checkTexts('lib/official-account/replies.ts', texts);
  return replies;
}

/**
 * Returns the reply to a push, or undefined when `replies` contains no reply to it. Replies about logins
 * come from login-reply.ts. The reply depends only on the arguments, so a repeated push gets the same reply. WeChat
 * expects a bare `success` to a message of an unknown type.
 */
export function replyTo(content: PushContent, replies: Replies): MessageReply | undefined {
  if (content.type === 'message') {
    if (content.kind === 'other') return undefined;
    return (content.kind === 'text' && findReply(content.text, replies.keywords)) || replies.otherwise;
  }
  switch (content.event) {
    case 'subscribe':
      return replies.greeting;
    case 'click':
    case 'scancode_waitmsg':
      return Object.hasOwn(replies.menu, content.key) ? replies.menu[content.key] : undefined;
    default:
      return undefined;
  }
}
