import { AppError } from '../core/errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import type { Runtime } from '../core/runtime.ts';
import { signJssdkConfig } from '../wechat/jssdk-signature.ts';

export type JssdkDeps = Pick<Runtime, 'now' | 'randomBytes'> & {
  appId: string;
  jsapiTicket: TokenOwner;
  /** Origins of the pages that may get a configuration. */
  allowedOrigins: string[];
};

/** The options of `wx.config`, which the page passes on unchanged; `timestamp` in epoch seconds. */
export interface JssdkConfig {
  appId: string;
  timestamp: number;
  nonceStr: string;
  signature: string;
  jsApiList: string[];
}

/**
 * The interfaces that most pages inside WeChat use: sharing, the menu, scanning and payment.
 * @see https://developers.weixin.qq.com/doc/service/guide/h5/jssdk.html
 */
const JS_API_LIST = [
  'updateAppMessageShareData',
  'updateTimelineShareData',
  'hideMenuItems',
  'showMenuItems',
  'closeWindow',
  'scanQRCode',
  'chooseWXPay',
];

/**
 * Returns the JS-SDK configuration of one page. The page sends its own address, because WeChat appends parameters to
 * the address. Only allowed origins get a signature, because a page with a signature can act for the official account.
 * @throws PARAM_ERROR when `pageUrl` is not an address; ORIGIN_NOT_ALLOWED for another origin; the errors of the
 * ticket's owner
 */
export async function getJssdkConfig(deps: JssdkDeps, pageUrl: string): Promise<JssdkConfig> {
  if (!URL.canParse(pageUrl)) throw new AppError('PARAM_ERROR', 'url: must be an absolute address');
  if (!deps.allowedOrigins.includes(new URL(pageUrl).origin)) {
    throw new AppError('ORIGIN_NOT_ALLOWED', 'url: must be an address on an origin of ALLOWED_ORIGINS');
  }
  const url = pageUrl.split('#', 1)[0]!;
  const timestamp = Math.floor(deps.now() / 1_000);
  const nonceStr = deps.randomBytes(16).toString('hex');
  const signature = signJssdkConfig({ ticket: await deps.jsapiTicket.get(), nonceStr, timestamp, url });
  return { appId: deps.appId, timestamp, nonceStr, signature, jsApiList: JS_API_LIST };
}
