// Passive replies of the official account, checked as WeChat does before the user sees them.
// See https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
import { isRecord } from '../http.ts';
import { readReplyHead } from '../push/reply-head.ts';
import type { Question } from '../push/reply-head.ts';
import { textOf } from '../push/document.ts';
import type { Elements } from '../push/document.ts';
import type { Reply } from '../push/sender.ts';
import { lowerFirst } from '../xml.ts';

/** The text that WeChat shows in place of a reply that it cannot show. */
export const FAULT_REPLY: Reply = { type: 'text', content: '该公众号提供的服务出现故障，请稍后再试' };

/**
 * Maximum length of a text reply in UTF-8. WeChat accepts a longer reply, and shows the fault text:
 * dodgepudding/wechat-php-sdk #363, offu/WeRoBot #388, silenceper/wechat #673.
 */
export const MAX_TEXT_BYTES = 2_047;

/** Media types: the element, and its required child. */
const media: Record<string, [element: string, required: string]> = {
  image: ['Image', 'MediaId'],
  voice: ['Voice', 'MediaId'],
  video: ['Video', 'MediaId'],
  music: ['Music', 'ThumbMediaId'],
};

/** Returns the reply as the user sees it. @throws Error with the reason if the reply is invalid */
export function readReply(elements: Elements, question: Question): Reply {
  const { isMessage } = question;
  const type = readReplyHead(elements, question);
  if (type === 'text') {
    const content = requiredText(elements, 'Content');
    return Buffer.byteLength(content) > MAX_TEXT_BYTES ? FAULT_REPLY : { type, content };
  }
  if (type === 'news') return { type, articles: readArticles(elements, isMessage ? 1 : 8) };
  if (type === 'transfer_customer_service' && isMessage) {
    return { type, ...lowerFirst(childElements(elements, 'TransInfo')) };
  }
  const [element, required] = (Object.hasOwn(media, type) && media[type]) || [];
  if (!element || !required) throw new Error(`MsgType ${type} is no reply to this`);
  const fields = childElements(elements, element);
  requiredText(fields, required);
  return { type, ...lowerFirst(fields) };
}

function readArticles(elements: Elements, most: number): object[] {
  const { item = [] } = childElements(elements, 'Articles');
  const articles = (Array.isArray(item) ? item : [item]).filter(isRecord) as Elements[];
  if (articles.length < 1 || articles.length > most) throw new Error(`a reply to this has 1 to ${most} articles`);
  if (textOf(elements, 'ArticleCount') !== String(articles.length)) {
    throw new Error('ArticleCount is not the number of articles');
  }
  for (const article of articles) requiredText(article, 'Title');
  return articles.map(lowerFirst);
}

function childElements(elements: Elements, name: string): Elements {
  const value = elements[name];
  return isRecord(value) ? (value as Elements) : {};
}

function requiredText(elements: Elements, name: string): string {
  const text = textOf(elements, name);
  if (!text) throw new Error(`${name} is missing or empty`);
  return text;
}
