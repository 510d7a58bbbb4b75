import { realSeconds } from '../clock.ts';
import { isRecord, parseJson } from '../http.ts';
import { phoneInfo } from '../open-data.ts';
import type { World } from '../world.ts';
import { readCodeExchange } from './credentials.ts';
import { PlatformError } from './error.ts';
import { ok, readJson } from './route.ts';
import type { PlatformRoutes } from './route.ts';

/**
 * Login, phone number and codes of the mini-program.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_code2session.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/phone-number/api_getphonenumber.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getunlimitedqrcode.html
 */
export function miniProgramRoutes({
  settings: { miniapp },
  users,
  loginCodes,
  phoneCodes,
  miniProgramCodes,
  faults,
}: World): PlatformRoutes {
  return {
    '/sns/jscode2session': {
      json: (call) => {
        // The platform reads the query only, so a POST has no fields.
        if (call.method !== 'GET') throw new PlatformError(41002);
        const user = loginCodes.redeem(readCodeExchange(call, miniapp, 'js_code'));
        return {
          openid: user.openIds.miniapp,
          session_key: user.sessionKey,
          unionid: users.unionIdIn('miniapp', user),
        };
      },
    },
    '/wxa/getwxacodeunlimit': {
      method: 'POST',
      app: 'miniapp',
      raw: async (call) => {
        const body = parseJson(call.body);
        if (!isRecord(body)) throw new PlatformError(40169);
        const image = await miniProgramCodes.create(body, !faults.takeVariant('getwxacodeunlimit', 'unreleased'));
        return { status: 200, headers: { 'Content-Type': 'image/png' }, body: image };
      },
    },
    '/wxa/business/getuserphonenumber': {
      method: 'POST',
      app: 'miniapp',
      json: (call) => {
        const { code, openid } = readJson(call);
        if (typeof code !== 'string') throw new PlatformError(40029);
        const { phone } = phoneCodes.redeem(code, ({ openIds }) => {
          if (openid !== undefined && openid !== openIds.miniapp) throw new PlatformError(40003);
        });
        return { ...ok, phone_info: phoneInfo(phone, { timestamp: realSeconds(), appid: miniapp.appId }) };
      },
    },
  };
}
