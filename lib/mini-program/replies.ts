import type { MiniappReplies } from './reply-to.ts';

/**
 * The replies of the mini-program in its customer-service chat. Edit this file: replace the texts, add keywords, and
 * remove unwanted replies. README.md describes the forms and the limits of WeChat.
 *
 * A reply is a text of at most 2,047 bytes, about 680 Chinese characters; a test checks the texts. Or it is
 * `{ type: 'image', mediaId }`, `{ type: 'link', title, description, url, thumbUrl }`, or a card of the mini-program,
 * `{ type: 'miniprogram', title, pagePath, thumbMediaId }`.
 *
 * `{ type: 'transfer_customer_service' }` passes the message to the customer-service tool of WeChat.
 * `{ type: 'publish', text? }` publishes it as the event `mini-program.message-received`. The greeting cannot have these
 * two forms.
 */
export const replies = (siteName: string): MiniappReplies => ({
  /** To a user who enters the chat. WeChat reports every entry. */
  greeting: `您好，这里是「${siteName}」的客服。请直接描述您的问题，或回复“帮助”。`,

  /** To a text: `exact` equals the whole text, `contains` a part of it. The first match wins; exact matches go first. */
  keywords: [
    {
      exact: ['帮助', 'help', '?'],
      reply: `在「${siteName}」遇到问题，请直接在这里留言，并写明订单号或截图，客服会尽快回复您。`,
    },
  ],

  /** To any other message. */
  otherwise: { type: 'transfer_customer_service' },
});
