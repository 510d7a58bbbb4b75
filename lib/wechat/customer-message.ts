import { AppError } from '../core/errors.ts';
import { cutUtf8 } from '../core/utf8.ts';
import { MAX_TEXT_BYTES } from './chat-text.ts';
import { callPlatform, type PlatformDeps, type WechatApp } from './client.ts';
import { errcodeOf } from './platform-error.ts';

/**
 * A customer-service message. A string is a text; media ids identify uploaded pictures. `url` and `thumbUrl` of a link
 * are https addresses. The card of a mini-program needs `appId` in the official account only.
 */
export type CustomerMessage =
  | string
  | { type: 'image'; mediaId: string }
  | { type: 'link'; title: string; description: string; url: string; thumbUrl: string }
  | { type: 'miniprogram'; title: string; pagePath: string; thumbMediaId: string; appId?: string };

/**
 * - `window-closed`: the user wrote or entered too long ago, or does not follow the official account.
 * - `limit-reached`: the window of the user permits no further message.
 * - `unreachable`: the openid is not of this app, or the user does not follow the official account.
 * - `opted-out`: the user declined messages, or the account blocked the user.
 */
export type CustomerOutcome = 'sent' | 'window-closed' | 'limit-reached' | 'unreachable' | 'opted-out';

const NORMAL: ReadonlyMap<number | undefined, CustomerOutcome> = new Map([
  [45015, 'window-closed'],
  [45047, 'limit-reached'],
  [40003, 'unreachable'],
  [43004, 'unreachable'],
  [50005, 'unreachable'],
  [43019, 'opted-out'],
  [48002, 'opted-out'],
]);

/** The fields, under WeChat's names, that WeChat declines with an errcode. */
const DECLINED: ReadonlyMap<number | undefined, string> = new Map([
  [40007, 'the media id: it is unknown, of another app, or older than three days'],
  [40013, 'appid: the mini-program is not linked to the official account'],
  [44004, 'the text: it is empty'],
  [45002, 'the text: it is too long'],
  [45003, 'title: it is too long'],
  [45004, 'description: it is too long'],
  [45005, 'url: it is too long'],
  [45006, 'thumb_url: it is too long'],
  [45064, 'appid: the mini-program is not linked to the official account'],
  [45168, 'a word in this message'],
]);

/**
 * Sends a customer-service message to a user of either app. A text that is too long is cut. WeChat has no protection
 * against duplicates, so there is no retry after a time-out.
 * @throws PARAM_ERROR when a text is empty or WeChat declines a value; RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE,
 * WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage.html
 * @see https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage.html
 */
export async function sendCustomer(
  deps: PlatformDeps,
  request: { app: WechatApp; accessToken: string; openId: string; message: CustomerMessage },
): Promise<CustomerOutcome> {
  const { app, accessToken, openId, message } = request;
  const call = {
    app,
    method: 'POST',
    path: '/cgi-bin/message/custom/send',
    query: { access_token: accessToken },
    body: { touser: openId, ...buildContent(message, app) },
  } as const;
  try {
    await callPlatform(deps, call);
    return 'sent';
  } catch (error) {
    const errcode = errcodeOf(error);
    const outcome = NORMAL.get(errcode);
    if (outcome) return outcome;
    const declined = DECLINED.get(errcode);
    throw declined ? new AppError('PARAM_ERROR', `WeChat rejected ${declined}`, { cause: error }) : error;
  }
}

function buildContent(message: CustomerMessage, { settings }: WechatApp): Record<string, unknown> {
  if (typeof message === 'string') {
    if (message === '') throw new AppError('PARAM_ERROR', 'The text of the message is empty');
    return { msgtype: 'text', text: { content: cutUtf8(message, MAX_TEXT_BYTES) } };
  }
  switch (message.type) {
    case 'image':
      return { msgtype: 'image', image: { media_id: message.mediaId } };
    case 'link': {
      const { title, description, url, thumbUrl } = message;
      if (settings === 'MINIAPP') return { msgtype: 'link', link: { title, description, url, thumb_url: thumbUrl } };
      // The official account has the same message under another name.
      return { msgtype: 'news', news: { articles: [{ title, description, url, picurl: thumbUrl }] } };
    }
    case 'miniprogram': {
      const { title, pagePath, thumbMediaId, appId } = message;
      const card = { title, ...(appId && { appid: appId }), pagepath: pagePath, thumb_media_id: thumbMediaId };
      return { msgtype: 'miniprogrampage', miniprogrampage: card };
    }
  }
}
