// The types of customer-service messages: their rules, and their form in the chat of the user.
import { isRecord } from '../http.ts';
import { MAX_TEXT_BYTES } from '../official/reply.ts';
import type { AppName } from '../wechat-users.ts';
import { PlatformError } from './error.ts';

type Fields = Record<string, unknown>;

interface Sender {
  app: AppName;
  /** The app id of the mini-program that is bound to the official account. */
  miniappId: string;
  hasMedia(type: string, mediaId: unknown): boolean;
}

interface Message {
  type: string;
  [field: string]: unknown;
}

type ReadMessage = (fields: Fields, sender: Sender) => Fields;

const readers: Record<AppName, Record<string, ReadMessage>> = {
  miniapp: { text: readText, image: readImage, link: readLink, miniprogrampage: readCard },
  official: { text: readText, image: readImage, news: readNews, miniprogrampage: readCard, msgmenu: readMenu },
};

/** Reads a message as the user sees it. @throws PlatformError if a rule of its type fails */
export function readCustomMessage(body: Fields, sender: Sender): Message {
  const { msgtype: type } = body;
  const known = readers[sender.app];
  const read = typeof type === 'string' && Object.hasOwn(known, type) ? known[type] : undefined;
  if (!read || typeof type !== 'string') throw new PlatformError(40008);
  const fields = body[type];
  if (!isRecord(fields)) throw new PlatformError(47001);
  return { type, ...read(fields, sender) };
}

function readText(fields: Fields): Fields {
  const content = requiredText(fields, 'content', 44004);
  if (Buffer.byteLength(content) > MAX_TEXT_BYTES) throw new PlatformError(45002);
  return { content };
}

function readImage({ media_id: mediaId }: Fields, { hasMedia }: Sender): Fields {
  if (!hasMedia('image', mediaId)) throw new PlatformError(40007);
  return { mediaId };
}

function readLink(fields: Fields): Fields {
  return {
    title: requiredText(fields, 'title'),
    description: requiredText(fields, 'description'),
    url: requiredText(fields, 'url'),
    thumbUrl: requiredText(fields, 'thumb_url'),
  };
}

function readCard(fields: Fields, { app, miniappId, hasMedia }: Sender): Fields {
  const { thumb_media_id: thumbMediaId } = fields;
  const title = requiredText(fields, 'title');
  const pagePath = requiredText(fields, 'pagepath');
  // The official account names the mini-program, which must be bound to it.
  if (app === 'official' && fields.appid !== miniappId) throw new PlatformError(40013);
  if (!hasMedia('image', thumbMediaId)) throw new PlatformError(40007);
  return { title, pagePath, thumbMediaId };
}

/** News have one article since October 2018. */
function readNews({ articles }: Fields): Fields {
  if (!Array.isArray(articles) || !articles.every(isRecord)) throw new PlatformError(47001);
  if (articles.length !== 1) throw new PlatformError(45008);
  return {
    articles: articles.map((article) => ({
      title: requiredText(article, 'title'),
      description: requiredText(article, 'description'),
      url: requiredText(article, 'url'),
      picUrl: requiredText(article, 'picurl'),
    })),
  };
}

/** A menu in the chat: a tap sends the content of its entry, with the id of the entry. */
function readMenu(fields: Fields): Fields {
  const { list } = fields;
  if (!Array.isArray(list) || list.length === 0 || !list.every(isRecord)) throw new PlatformError(47001);
  return {
    headContent: requiredText(fields, 'head_content'),
    list: list.map((entry) => ({ id: requiredText(entry, 'id'), content: requiredText(entry, 'content') })),
    tailContent: requiredText(fields, 'tail_content'),
  };
}

function requiredText(fields: Fields, name: string, emptyErrcode: 44004 | 47001 = 47001): string {
  const value = fields[name] ?? '';
  if (typeof value !== 'string') throw new PlatformError(47001);
  if (value === '') throw new PlatformError(emptyErrcode);
  return value;
}
