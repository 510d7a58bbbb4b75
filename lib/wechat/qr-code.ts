import { callPlatform, requireString, type PlatformDeps, type WechatApp } from './client.ts';

/** `content` is what the QR image encodes; `imageUrl` is WeChat's own rendering of it. */
export interface QrCode {
  content: string;
  imageUrl: string;
}

type QrDeps = PlatformDeps & { mpBaseUrl: string };

/**
 * A temporary QR code with a scene of ours (platform 4): scanning it makes WeChat push `scene` to official-events.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; an errcode of the token owner's passes through
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
