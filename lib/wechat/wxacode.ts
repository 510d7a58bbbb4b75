import { callPlatformForImage, type Image, type PlatformDeps, type WechatApp } from './client.ts';

/**
 * Creates a mini-program code that opens the home page of the published mini-program with `scene`, at most 32 visible
 * characters. The image never expires.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getunlimitedqrcode.html
 */
export function createWxacode(
  deps: PlatformDeps,
  { app, accessToken, scene }: { app: WechatApp; accessToken: string; scene: string },
): Promise<Image> {
  return callPlatformForImage(deps, {
    app,
    method: 'POST',
    path: '/wxa/getwxacodeunlimit',
    query: { access_token: accessToken },
    body: { scene },
  });
}
