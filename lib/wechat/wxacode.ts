import { callPlatformForImage, type Image, type PlatformDeps, type WechatApp } from './client.ts';

/**
 * A mini-program code that carries `scene`, at most 32 visible characters (platform 1.5), to the home page of the
 * published mini-program. The image never expires.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; an errcode of the token owner's passes through
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
