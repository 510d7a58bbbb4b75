import type { World } from '../world.ts';
import { checkAppCredentials } from './credentials.ts';
import { PlatformError } from './error.ts';
import { readJson } from './route.ts';
import type { PlatformRoutes } from './route.ts';

/**
 * App access tokens and tickets of the JS-SDK.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getaccesstoken.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/jssdk/api_getticket.html
 */
export function tokenRoutes({ settings, appTokens, tickets, faults }: World): PlatformRoutes {
  return {
    '/cgi-bin/token': {
      method: 'GET',
      json: ({ query }) => appTokens.mintBasic(checkAppCredentials(settings, Object.fromEntries(query))),
    },
    '/cgi-bin/stable_token': {
      method: 'POST',
      json: (call) => {
        const body = readJson(call);
        const appId = checkAppCredentials(settings, body);
        if (faults.takeVariant('stable_token', 'ipv6-not-in-whitelist')) {
          throw new PlatformError(40164, 'invalid ip 2408:8756:4c50:1a00::29, not in whitelist');
        }
        return readForceRefresh(body.force_refresh) ? appTokens.forceRefresh(appId) : appTokens.getStable(appId);
      },
    },
    '/cgi-bin/ticket/getticket': {
      method: 'GET',
      app: 'official',
      json: ({ query }) => {
        if (query.get('type') !== 'jsapi') throw new PlatformError(40097);
        return { errcode: 0, errmsg: 'ok', ticket: tickets.current(settings.official.appId), expires_in: 7_200 };
      },
    },
  };
}

function readForceRefresh(value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new PlatformError(47001);
  return value === true;
}
