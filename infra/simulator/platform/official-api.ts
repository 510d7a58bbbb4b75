import QRCode from 'qrcode';
import type { Answer, Call } from '../http.ts';
import { createDailyQuota } from '../quota.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { World } from '../world.ts';
import { PlatformError } from './error.ts';
import type { QrCodes } from './qr-codes.ts';
import { readJson } from './route.ts';
import type { PlatformRoutes } from './route.ts';

/**
 * QR codes and followers of the official account.
 * @see https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.html
 * @see https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo.html
 */
export function officialRoutes({ settings, clock, users, qrCodes }: World): PlatformRoutes {
  const qrDaily = createDailyQuota(100_000);
  return {
    '/cgi-bin/qrcode/create': {
      method: 'POST',
      app: 'official',
      json: (call) => {
        const answer = qrCodes.create(readJson(call));
        if (!qrDaily(settings.official.appId, clock.now())) throw new PlatformError(45009);
        return answer;
      },
    },
    '/cgi-bin/user/info': {
      method: 'GET',
      app: 'official',
      json: ({ query }) => {
        const openId = query.get('openid');
        if (!openId) throw new PlatformError(41009);
        const user = users.byOpenId('official', openId);
        if (!user) throw new PlatformError(40003);
        const unionId = users.unionIdIn('official', user);
        return describeFollower(user, unionId, query.get('lang') ?? 'zh_CN');
      },
    },
    '/cgi-bin/showqrcode': { raw: (call) => showQrCode(qrCodes, call) },
  };
}

/**
 * Renders a follower. No nickname and no region since 2021. Users who do not follow have no details, and no unionid since
 * 2017: littlecodersh/itchatmp #37.
 */
function describeFollower(
  { openIds, follow, tagIds }: WechatUser,
  unionid: string | undefined,
  language: string,
): object {
  const openid = openIds.official;
  if (!follow) return { subscribe: 0, openid, tagid_list: [] };
  return {
    subscribe: 1,
    openid,
    language,
    subscribe_time: follow.since,
    unionid,
    remark: '',
    groupid: 0,
    tagid_list: tagIds,
    subscribe_scene: 'ADD_SCENE_QR_CODE',
    qr_scene: follow.code?.numeric ? Number(follow.code.scene) : 0,
    qr_scene_str: follow.code?.numeric ? '' : (follow.code?.scene ?? ''),
  };
}

async function showQrCode(qrCodes: QrCodes, { query }: Call): Promise<Answer> {
  const code = qrCodes.byTicket(query.get('ticket') ?? '');
  if (!code) return { status: 404, body: '' };
  const body = await QRCode.toBuffer(code.url, { width: 430 });
  return { status: 200, headers: { 'Content-Type': 'image/png' }, body };
}
