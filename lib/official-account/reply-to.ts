import type { Reply } from '../wechat/official-reply.ts';
import type { PushContent } from '../wechat/push-content.ts';

/** See replies.ts. */
export interface Replies {
  loginScanned: Reply;
  loginExpired: Reply;
  greeting?: Reply;
  keywords: KeywordReply[];
  menu: Record<string, Reply>;
  otherwise?: Reply;
}

interface KeywordReply {
  exact?: string[];
  contains?: string[];
  reply: Reply;
}

/** The reply to what a push says, login codes apart; undefined for none. The same push always gets the same reply. */
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

function byKeyword(sent: string, { keywords }: Replies): Reply | undefined {
  const text = plain(sent);
  const found =
    keywords.find(({ exact = [] }) => exact.some((word) => plain(word) === text)) ??
    keywords.find(({ contains = [] }) => contains.some((word) => text.includes(plain(word))));
  return found?.reply;
}

/** People write HELP, Help and full-width ｈｅｌｐ. */
function plain(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase();
}
