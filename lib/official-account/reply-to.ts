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
 * Returns the reply to a push, or undefined when `replies` contains no reply to it. Replies about logins
 * come from login-reply.ts. The reply depends only on the arguments, so a repeated push gets the same reply.
 */
export function replyTo(content: PushContent, replies: Replies): Reply | undefined {
  if (content.type === 'message')
    return (content.kind === 'text' && byKeyword(content.text, replies)) || replies.otherwise;
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
