import type { Replies } from './reply-to.ts';

/**
 * The replies of the official account. Edit this file: replace the texts, add keywords and menu keys, and remove
 * unwanted replies. A reply is a text, or `{ type: 'image', mediaId }`, or `{ type: 'news', articles }`.
 */
export const replies = (siteName: string): Replies => ({
  /** To a user who scanned a login code. It names the site, so that the user notices the login code of an attacker. */
  loginScanned: `您正在登录「${siteName}」。如果不是您本人在操作，请勿理会，并不要扫描陌生人的二维码。`,
  loginExpired: `二维码已失效，请在「${siteName}」刷新后重新扫描。`,

  /** To a new follower who did not scan a login code. */
  greeting: `欢迎关注「${siteName}」！回复“帮助”，看看这里能做什么。`,

  /** To a text: `exact` equals the whole text, `contains` a part of it. The first match wins; exact matches go first. */
  keywords: [
    { exact: ['帮助', 'help', '?'], reply: `在「${siteName}」的网页上扫描二维码即可登录。其他问题请直接留言。` },
    { contains: ['登录', '登陆', '扫码', 'login'], reply: `请打开「${siteName}」的网页，用微信扫描页面上的二维码。` },
  ],

  /** To a click on a menu button of type `click` or `scancode_waitmsg`, by its key. */
  menu: {
    HELP: `在「${siteName}」的网页上扫描二维码即可登录。其他问题请直接留言。`,
  },

  /** To any other message. */
  otherwise: '已收到您的留言。回复“帮助”，看看这里能做什么。',
});
