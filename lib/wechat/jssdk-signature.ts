import { createHash } from 'node:crypto';

/** What `wx.config` needs to know of a signature; `timestamp` in epoch seconds. */
export interface JssdkSigned {
  ticket: string;
  nonceStr: string;
  timestamp: number;
  /** The page as the browser sees it, without its fragment, not encoded again. */
  url: string;
}

/** The signature of `wx.config` (platform 7.2): SHA-1 of four raw values under lower-case names. */
export function signJssdkConfig({ ticket, nonceStr, timestamp, url }: JssdkSigned): string {
  const text = `jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`;
  return createHash('sha1').update(text).digest('hex');
}
