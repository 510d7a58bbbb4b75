import { badSetting } from '../core/config.ts';
import { AppError } from '../core/errors.ts';
import { isPageAddress, PAGE_ADDRESS_HINT } from '../core/page-address.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import type { Runtime } from '../core/runtime.ts';
import { signJssdkConfig } from '../wechat/jssdk-signature.ts';

export type JssdkDeps = Pick<Runtime, 'now' | 'randomBytes'> & {
  appId: string;
  jsapiTicket: TokenOwner;
  /** Origins of the pages that may get a configuration. */
  allowedOrigins: string[];
  permissions: JssdkPermissions;
};

/** The interfaces and the open tags that the pages may use, as in `wx.config`. */
interface JssdkPermissions {
  jsApiList: string[];
  openTagList?: string[];
}

/**
 * The options of `wx.config`, which the page passes on unchanged; `timestamp` in epoch seconds. The signature is valid
 * only on a page whose address is exactly `url`.
 */
export interface JssdkConfig extends JssdkPermissions {
  appId: string;
  timestamp: number;
  nonceStr: string;
  signature: string;
  url: string;
}

/**
 * Returns the JS-SDK configuration of one page. The page sends its own address, because WeChat appends parameters to
 * the address. Only allowed origins get a signature, because a page with a signature can act for the official account.
 * @throws PARAM_ERROR for an address that no browser shows; ORIGIN_NOT_ALLOWED for another origin; the errors of the
 * ticket's owner
 */
export async function getJssdkConfig(deps: JssdkDeps, pageUrl: string): Promise<JssdkConfig> {
  const url = pageUrl.split('#', 1)[0]!;
  if (!isPageAddress(url)) {
    throw new AppError('PARAM_ERROR', `query.url: ${PAGE_ADDRESS_HINT}`, { detail: { field: 'query.url' } });
  }
  if (!deps.allowedOrigins.includes(new URL(url).origin)) {
    throw new AppError('ORIGIN_NOT_ALLOWED', 'url: must be an address on an origin of ALLOWED_ORIGINS');
  }
  const timestamp = Math.floor(deps.now() / 1_000);
  const nonceStr = deps.randomBytes(16).toString('hex');
  const signature = signJssdkConfig({ ticket: await deps.jsapiTicket.get(), nonceStr, timestamp, url });
  return { appId: deps.appId, timestamp, nonceStr, signature, ...deps.permissions, url };
}

/**
 * The default of JSSDK_API_LIST: sharing in new and old clients, the menu, scanning, payment and transfers to users. This
 * list is not in config.ts, because every bundle contains config.ts.
 */
const USUAL_APIS =
  'updateAppMessageShareData,updateTimelineShareData,onMenuShareAppMessage,onMenuShareTimeline,onMenuShareQQ,' +
  'onMenuShareQZone,hideMenuItems,showMenuItems,closeWindow,scanQRCode,chooseWXPay,requestMerchantTransfer';

/**
 * Parses JSSDK_API_LIST and JSSDK_OPEN_TAG_LIST, comma-separated lists of names.
 * @throws NOT_CONFIGURED
 * @see https://developers.weixin.qq.com/doc/service/guide/h5/jssdk.html
 */
export function readJssdkPermissions(apiList: string, openTagList: string): JssdkPermissions {
  const [jsApiList, openTags] = [namesOf(apiList || USUAL_APIS), namesOf(openTagList)];
  if (jsApiList.length === 0 || !jsApiList.every((name) => /^[a-z][A-Za-z0-9]*$/.test(name))) {
    throw badSetting(
      'JSSDK_API_LIST',
      'must be names of the JS-SDK, separated by commas, such as scanQRCode,chooseWXPay',
    );
  }
  if (!openTags.every((name) => /^wx-open(-[a-z]+)+$/.test(name))) {
    throw badSetting('JSSDK_OPEN_TAG_LIST', 'must be open tags, separated by commas, such as wx-open-launch-weapp');
  }
  return { jsApiList, ...(openTags.length > 0 && { openTagList: openTags }) };
}

function namesOf(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}
