import { beijingMinute } from '../core/beijing-time.ts';
import { cutUtf8 } from '../core/utf8.ts';
import type { ChatChoice } from '../scan-login/ticket.ts';
import type { ScannedTicket } from '../store/tickets.ts';
import { MAX_TEXT_BYTES } from '../wechat/chat-text.ts';
import type { Reply } from '../wechat/official-reply.ts';
import type { PushContent } from '../wechat/push-content.ts';
import { normalise, plainText } from '../pushes/keyword-replies.ts';
import type { LoginPage, Replies } from './reply-to.ts';

/**
 * The choices of a user about a login. A tap on a link sends its label as a text, with the id of the link. Desktop
 * clients show no link, and some clients send no id, so the label and the digit mean the same as the tap.
 */
const CHOICES: { choice: ChatChoice; label: string; digit: string }[] = [
  { choice: 'confirm', label: '确认登录', digit: '1' },
  { choice: 'refuse', label: '拒绝', digit: '2' },
  { choice: 'revoke', label: '不是我', digit: '0' },
];

/**
 * Reads the choice of a message: from the id of the tapped link, which names the ticket, or from the exact text.
 * @returns undefined for any other message
 */
export function readChoice(content: PushContent): { choice: ChatChoice; ticket?: string } | undefined {
  if (content.type !== 'message' || content.kind !== 'text') return undefined;
  const { text, menuId } = content;
  for (const { choice, label, digit } of CHOICES) {
    if (menuId?.startsWith(linkId(choice, ''))) return { choice, ticket: menuId.slice(linkId(choice, '').length) };
    if (menuId === undefined && [label, digit].includes(normalise(text))) return { choice };
  }
  return undefined;
}

/**
 * Returns the reply about a login, which depends on the state of its ticket: the question, the confirmed login or its
 * end. The links follow the texts of `replies.ts`, so that an edited text cannot break a link.
 * @param ticket undefined for a code that is expired, used or scanned by another user
 */
export function loginReply(ticket: ScannedTicket | undefined, replies: Replies): Reply {
  switch (ticket?.state) {
    case 'scanned':
      return withLinks(replies.loginScanned(pageOf(ticket)), ticket, ['confirm', 'refuse']);
    case 'confirmed':
    case 'collected':
      return withLinks(replies.loginDone(pageOf(ticket)), ticket, ['revoke']);
    case 'cancelled':
      return replies.loginCancelled;
    default:
      return replies.loginExpired;
  }
}

function pageOf({ requestedAtMs, place, address, browser }: ScannedTicket): LoginPage {
  return {
    time: beijingMinute(requestedAtMs),
    place: plainText(place ?? `IP ${address}`),
    browser: plainText(browser ?? '未知'),
  };
}

/** Appends the links of the choices. A text that leaves no room for them is cut. */
function withLinks(text: string, { ticket }: ScannedTicket, offered: ChatChoice[]): string {
  const lines = CHOICES.filter(({ choice }) => offered.includes(choice)).map(({ choice, label, digit }) => {
    const href = `weixin://bizmsgmenu?msgmenucontent=${encodeURIComponent(label)}&msgmenuid=${linkId(choice, ticket)}`;
    return `<a href="${href}">${label}</a>（或回复 ${digit}）`;
  });
  const links = `\n\n${lines.join('\n')}`;
  return cutUtf8(text, MAX_TEXT_BYTES - Buffer.byteLength(links)) + links;
}

function linkId(choice: ChatChoice, ticket: string): string {
  return `login-${choice}_${ticket}`;
}
