import { AppError } from '../core/errors.ts';
import { MAX_TEXT_BYTES } from '../wechat/chat-text.ts';

/** The reply to a text: `exact` equals the whole text, `contains` a part of it. */
export interface KeywordReply<Reply> {
  exact?: string[];
  contains?: string[];
  reply: Reply;
}

/** Publishes a message as an event, for a customer service of the team. `text` answers the user at once. */
export interface PublishMessage {
  type: 'publish';
  text?: string;
}

/** Whether a reply publishes the message. */
export function isPublish(reply: string | { type: string } | undefined): reply is PublishMessage {
  return typeof reply === 'object' && reply.type === 'publish';
}

/** Returns the reply of the first keyword that matches. Exact matches go first. */
export function findReply<Reply>(received: string, keywords: KeywordReply<Reply>[]): Reply | undefined {
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

/** Replaces the characters that open a link in the chat, and line breaks. */
export function plainText(text: string): string {
  return text.replaceAll('<', '＜').replaceAll('>', '＞').replaceAll(/\s+/g, ' ');
}

/** Names the replies of keywords by their place in the file. */
export function namedKeywords<Reply>(keywords: KeywordReply<Reply>[]): Record<string, Reply> {
  return Object.fromEntries(keywords.map(({ reply }, index) => [`keywords[${index}]`, reply]));
}

/**
 * Checks that WeChat can show every text.
 * @param replies by their names in the file
 * @throws NOT_CONFIGURED that names the first text that is too long
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
 */
export function checkTexts(file: string, replies: Record<string, string | { type: string } | undefined>): void {
  for (const [entry, reply] of Object.entries(replies)) {
    const bytes = Buffer.byteLength(textOf(reply));
    if (bytes <= MAX_TEXT_BYTES) continue;
    throw new AppError(
      'NOT_CONFIGURED',
      `The text ${entry} of ${file} has ${bytes} bytes; shorten it to ${MAX_TEXT_BYTES} bytes of UTF-8`,
    );
  }
}

function textOf(reply: string | { type: string } | undefined): string {
  if (typeof reply === 'string') return reply;
  return (isPublish(reply) && reply.text) || '';
}
