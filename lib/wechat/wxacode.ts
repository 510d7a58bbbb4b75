import { callPlatformForImage, type Image, type PlatformDeps, type WechatApp } from './client.ts';

/** The page of a mini-program that a code opens. */
export interface CodeTarget {
  /** A path without a leading slash and without a query; absent for the home page. */
  page?: string;
  envVersion: 'release' | 'trial' | 'develop';
}

/**
 * Creates a mini-program code that opens a page with `scene`, at most 32 visible characters. The image never expires.
 * WeChat compares the page with the released version only, so the check is off for the other versions.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getunlimitedqrcode.html
 */
export function createWxacode(
  deps: PlatformDeps,
  { app, accessToken, scene, target }: { app: WechatApp; accessToken: string; scene: string; target: CodeTarget },
): Promise<Image> {
  const { page, envVersion } = target;
  return callPlatformForImage(deps, {
    app,
    method: 'POST',
    path: '/wxa/getwxacodeunlimit',
    query: { access_token: accessToken },
    body: { scene, page, env_version: envVersion, check_path: envVersion === 'release' },
  });
}
