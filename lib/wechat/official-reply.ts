import { cdata } from '../core/cdata.ts';
import { cutUtf8 } from '../core/utf8.ts';
import { MAX_TEXT_BYTES } from './chat-text.ts';
import type { OfficialPush } from './official-push.ts';
import { sealReply, secondsOf, type ReplyDeps } from './seal-reply.ts';

/**
 * A passive reply. A string is a text; `mediaId` identifies uploaded material.
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
 */
export type Reply =
  string | { type: 'image'; mediaId: string } | { type: 'news'; articles: Article[] } | TransferToService;

/**
 * Passes a message to the customer service of the account, or to one account of the service. WeChat transfers messages
 * only, so this reply to an event is a bare `success`.
 * @see https://developers.weixin.qq.com/doc/service/guide/product/kf/forwarding.html
 */
interface TransferToService {
  type: 'transfer_customer_service';
  /** The account of the service, such as `anna@shop`. */
  account?: string;
}

interface Article {
  title: string;
  description: string;
  pictureUrl: string;
  url: string;
}

/**
 * Maximum number of articles in a reply to a message or to an event. With more articles, WeChat shows an error to the
 * user.
 */
const MAX_ARTICLES = { message: 1, event: 8 };

/**
 * Renders the reply to a push, with sender and receiver exchanged. An encrypted push gets an encrypted reply with the
 * same key. A text that is too long is cut.
 * @returns undefined for an empty reply: WeChat treats an empty text as an error and expects a bare `success`
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
 */
export function renderReply(push: OfficialPush, reply: Reply | undefined, deps: ReplyDeps): string | undefined {
  const content = reply === undefined ? undefined : renderContent(reply, push.content.type);
  if (content === undefined) return undefined;
  const xml =
    `<xml><ToUserName>${cdata(push.openId)}</ToUserName><FromUserName>${cdata(push.originalId)}</FromUserName>` +
    `<CreateTime>${secondsOf(deps.keys)}</CreateTime>${content}</xml>`;
  return sealReply(xml, push, deps);
}

function renderContent(reply: Reply, pushed: 'message' | 'event'): string | undefined {
  if (typeof reply === 'string') {
    const text = cutUtf8(reply, MAX_TEXT_BYTES);
    return text === '' ? undefined : `<MsgType>${cdata('text')}</MsgType><Content>${cdata(text)}</Content>`;
  }
  if (reply.type === 'transfer_customer_service') return pushed === 'message' ? renderTransfer(reply) : undefined;
  if (reply.type === 'image') {
    return `<MsgType>${cdata('image')}</MsgType><Image><MediaId>${cdata(reply.mediaId)}</MediaId></Image>`;
  }
  const articles = reply.articles.slice(0, MAX_ARTICLES[pushed]);
  if (articles.length === 0) return undefined;
  return (
    `<MsgType>${cdata('news')}</MsgType><ArticleCount>${articles.length}</ArticleCount>` +
    `<Articles>${articles.map(renderArticle).join('')}</Articles>`
  );
}

function renderTransfer({ type, account }: TransferToService): string {
  const to = account === undefined ? '' : `<TransInfo><KfAccount>${cdata(account)}</KfAccount></TransInfo>`;
  return `<MsgType>${cdata(type)}</MsgType>${to}`;
}

function renderArticle({ title, description, pictureUrl, url }: Article): string {
  return (
    `<item><Title>${cdata(title)}</Title><Description>${cdata(description)}</Description>` +
    `<PicUrl>${cdata(pictureUrl)}</PicUrl><Url>${cdata(url)}</Url></item>`
  );
}
