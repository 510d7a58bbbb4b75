import { AppError } from '../core/errors.ts';
import { MAX_TEXT_BYTES } from '../wechat/chat-text.ts';
import type { Reply } from '../wechat/official-reply.ts';
import type { PushContent } from '../wechat/push-content.ts';

/** The automatic replies of the official account, which `replies.ts` defines. */
export interface Replies {
  loginScanned(page: LoginPage): string;
  loginDone(page: LoginPage): string;
  loginCancelled: Reply;
  loginExpired: Reply;
  greeting?: Reply;
  keywords: KeywordReply[];
  menu: Record<string, Reply>;
  otherwise?: Reply;
}

/** The page that a user logs in, in words for the chat. */
export interface LoginPage {
  /** Time of the request, in Beijing. */
  time: string;
  /** City or country, or the IP address. */
  place: string;
  browser: string;
}

interface KeywordReply {
  exact?: string[];
  contains?: string[];
  reply: Reply;
}

/**
 * Returns the replies if WeChat can show every text. The texts about a login depend on the page, so they are cut when
 * they are rendered.
 * @throws NOT_CONFIGURED that names the first text that is too long
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
 */
export function checkReplies(replies: Replies): Replies {
  const { loginCancelled, loginExpired, greeting, keywords, menu, otherwise } = replies;
  const entries = Object.entries({
    loginCancelled,
    loginExpired,
    greeting,
    ...Object.fromEntries(keywords.map(({ reply }, index) => [`keywords[${index}]`, reply])),
    ...Object.fromEntries(Object.entries(menu).map(([key, reply]) => [`menu.${key}`, reply])),
    otherwise,
  });
  for (const [entry, reply] of entries) {
    const bytes = typeof reply === 'string' ? Buffer.byteLength(reply) : 0;
    if (bytes <= MAX_TEXT_BYTES) continue;
    throw new AppError(
      'NOT_CONFIGURED',
      `The text ${entry} of replies.ts has ${bytes} bytes; shorten it to ${MAX_TEXT_BYTES} bytes of UTF-8`,
    );
  }
  return replies;
}

/**
 * Returns the reply to a push, or undefined when `replies` contains no reply to it. Replies about logins
 * come from login-reply.ts. The reply depends only on the arguments, so a repeated push gets the same reply. WeChat
 * expects a bare `success` to a message of an unknown type.
 */
export function replyTo(content: PushContent, replies: Replies): Reply | undefined {
  if (content.type === 'message') {
    if (content.kind === 'other') return undefined;
    return (content.kind === 'text' && byKeyword(content.text, replies)) || replies.otherwise;
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

function byKeyword(received: string, { keywords }: Replies): Reply | undefined {
  const text = normalise(received);
  const match =
    keywords.find(({ exact = [] }) => exact.some((word) => normalise(word) === text)) ??
    keywords.find(({ contains = [] }) => contains.some((word) => text.includes(normalise(word))));
  return match?.reply;
}

/** Normalises received text, so that HELP, Help and full-width ｈｅｌｐ match the same keyword. */
export function normalise(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase();
}
