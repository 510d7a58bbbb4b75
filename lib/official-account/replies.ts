import type { Replies } from './reply-to.ts';

/**
 * The replies of the official account. Edit this file: replace the texts, add keywords and menu keys, and remove
 * unwanted replies. A reply is a text, or `{ type: 'image', mediaId }`, or `{ type: 'news', articles }`. A text has at
 * most 2,047 bytes, about 680 Chinese characters; a test checks the texts. To a message, the reply
 * `{ type: 'transfer_customer_service', account? }` passes the message to the customer service. The reply
 * `{ type: 'publish', text? }` publishes the message as the event `official-account.message-received`, and answers with the text.
 */
export const replies = (siteName: string): Replies => ({
  /**
   * To a user who scanned a login code. The links 确认登录 and 拒绝 follow the text. The text describes
   * the page that shows the code, so that the user notices the code of an attacker.
   */
  loginScanned: ({ time, place, browser }) =>
    `有网页请求以您的身份登录「${siteName}」。\n时间：${time}（北京时间）\n地点：${place}\n浏览器：${browser}\n\n` +
    '请只确认您本人打开的网页。如果二维码来自别人，请拒绝。',
  /** To a user whose login is done. The link 不是我 follows the text, and ends the login. */
  loginDone: ({ time, place, browser }) =>
    `您已登录「${siteName}」的网页。\n时间：${time}（北京时间）\n地点：${place}\n浏览器：${browser}\n\n` +
    '如果不是您本人登录，请立即点“不是我”，该网页会退出登录。',
  /** To a user who refused or revoked a login. */
  loginCancelled: `已取消。该网页不能以您的身份使用「${siteName}」。`,
  loginExpired: `二维码已失效，请在「${siteName}」的网页上刷新后重新扫描。`,

  /** To a new follower who did not scan a login code. */
  greeting: `欢迎关注「${siteName}」！回复“帮助”，看看这里能做什么。`,

  /** To a text: `exact` equals the whole text, `contains` a part of it. The first match wins; exact matches go first. */
  keywords: [
    {
      exact: ['帮助', 'help', '?'],
      reply: `在「${siteName}」的网页上扫描二维码，按提示操作即可登录。其他问题请直接留言。`,
    },
    { contains: ['登录', '登陆', '扫码', 'login'], reply: `请打开「${siteName}」的网页，用微信扫描页面上的二维码。` },
  ],

  /** To a click on a menu button of type `click` or `scancode_waitmsg`, by its key. */
  menu: {
    HELP: `在「${siteName}」的网页上扫描二维码，按提示操作即可登录。其他问题请直接留言。`,
  },

  /** To any other message. */
  otherwise: '已收到您的留言。回复“帮助”，看看这里能做什么。',
});
