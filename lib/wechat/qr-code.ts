import { callPlatform, requireString, type PlatformDeps, type WechatApp } from './client.ts';

/** `content` is the text in the QR code; `imageUrl` is the address of an image of the QR code at WeChat. */
export interface QrCode {
  content: string;
  imageUrl: string;
}

type QrDeps = PlatformDeps & { mpBaseUrl: string };

/**
 * Creates a temporary QR code. When a user scans it, WeChat pushes `scene` to official-events.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.html
 */
export async function createQrCode(
  deps: QrDeps,
  { app, accessToken, scene, lifeS }: { app: WechatApp; accessToken: string; scene: string; lifeS: number },
): Promise<QrCode> {
  const answer = await callPlatform(deps, {
    app,
    method: 'POST',
    path: '/cgi-bin/qrcode/create',
    query: { access_token: accessToken },
    body: { expire_seconds: lifeS, action_name: 'QR_STR_SCENE', action_info: { scene: { scene_str: scene } } },
  });
  const ticket = encodeURIComponent(requireString(answer, 'ticket'));
  const imageUrl = `${deps.mpBaseUrl}/cgi-bin/showqrcode?ticket=${ticket}`;
  return { content: requireString(answer, 'url'), imageUrl };
}
