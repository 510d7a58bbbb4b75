/** The error message for a client that sends no complete address of its page, or an altered one. */
export const PAGE_ADDRESS_HINT =
  "the address of the page is missing, incomplete or altered; send url=encodeURIComponent(location.href.split('#')[0])";

/** Characters that Node escapes in an address, and that some browsers show unescaped. */
const UNESCAPED_BY_SOME = /['^`{|}]/g;

/**
 * Whether a browser can show this address, without its fragment, as `location.href`. Browsers normalise addresses, so
 * parsing must leave the address unchanged. Browsers also remove user and password.
 * @see https://developers.weixin.qq.com/doc/service/guide/h5/jssdk.html
 */
export function isPageAddress(url: string): boolean {
  const escaped = url.replace(UNESCAPED_BY_SOME, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  if (!URL.canParse(escaped)) return false;
  const { protocol, origin, href } = new URL(escaped);
  return /^https?:$/.test(protocol) && href === escaped && href.startsWith(`${origin}/`);
}
