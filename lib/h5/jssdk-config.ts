import { AppError } from '../core/errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import type { Runtime } from '../core/runtime.ts';
import { signJssdkConfig } from '../wechat/jssdk-signature.ts';

export type JssdkDeps = Pick<Runtime, 'now' | 'randomBytes'> & {
  appId: string;
  jsapiTicket: TokenOwner;
  /** Origins of pages that may be signed for. */
  allowedOrigins: string[];
};

/** The options of `wx.config`, as the page hands them on; `timestamp` in epoch seconds. */
export interface JssdkConfig {
  appId: string;
  timestamp: number;
  nonceStr: string;
  signature: string;
  jsApiList: string[];
}

/** Sharing, the menu and payment (platform 7.3): what nearly every page inside WeChat wants. */
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
 * The JS-SDK configuration of one page. The page says its own address, because WeChat appends to it; only pages of our
 * own origins are signed for, or anybody could act as our official account.
 * @throws PARAM_ERROR for what is no address, ORIGIN_NOT_ALLOWED for a page that is not ours, and what the ticket throws
 */
export async function getJssdkConfig(deps: JssdkDeps, pageUrl: string): Promise<JssdkConfig> {
  if (!URL.canParse(pageUrl)) throw new AppError('PARAM_ERROR', 'url: not an address');
  if (!deps.allowedOrigins.includes(new URL(pageUrl).origin)) {
    throw new AppError('ORIGIN_NOT_ALLOWED', 'url: this page is not one of ours');
  }
  const url = pageUrl.split('#', 1)[0]!;
  const timestamp = Math.floor(deps.now() / 1_000);
  const nonceStr = deps.randomBytes(16).toString('hex');
  const signature = signJssdkConfig({ ticket: await deps.jsapiTicket.get(), nonceStr, timestamp, url });
  return { appId: deps.appId, timestamp, nonceStr, signature, jsApiList: JS_API_LIST };
}
