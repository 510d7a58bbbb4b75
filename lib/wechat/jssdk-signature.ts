import { createHash } from 'node:crypto';

/** The signed values of `wx.config`; `timestamp` is epoch seconds. */
export interface JssdkSigned {
  ticket: string;
  nonceStr: string;
  timestamp: number;
  /** The address in the browser, without the fragment and without further encoding. */
  url: string;
}

/**
 * Signs a `wx.config` call: SHA-1 over four raw values with lower-case names, as hex.
 * @see https://developers.weixin.qq.com/doc/service/guide/h5/jssdk.html
 */
export function signJssdkConfig({ ticket, nonceStr, timestamp, url }: JssdkSigned): string {
  const text = `jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`;
  return createHash('sha1').update(text).digest('hex');
}
