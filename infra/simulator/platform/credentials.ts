import type { Call } from '../http.ts';
import type { AppSettings, SimulatorSettings } from '../settings.ts';
import { PlatformError } from './error.ts';

/**
 * Checks the credentials of both token calls and returns the app id.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html
 */
export function checkAppCredentials({ miniapp, official }: SimulatorSettings, fields: Record<string, unknown>): string {
  const { grant_type: grantType, appid, secret } = fields;
  if (grantType !== 'client_credential') throw new PlatformError(40002);
  if (!appid) throw new PlatformError(41002);
  if (!secret) throw new PlatformError(41004);
  const app = [miniapp, official].find(({ appId }) => appId === appid);
  if (!app) throw new PlatformError(40013);
  if (secret === app.appSecret) return app.appId;
  const ofOtherApp = secret === miniapp.appSecret || secret === official.appSecret;
  throw new PlatformError(ofOtherApp ? 40001 : 40125);
}

/**
 * Checks the query of a code exchange, for login or web authorization, and returns the code.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_code2session.html
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken.html
 */
export function readCodeExchange({ query }: Call, app: AppSettings, name: 'js_code' | 'code'): string {
  if (!query.get('appid')) throw new PlatformError(41002);
  if (!query.get('secret')) throw new PlatformError(41004);
  const code = query.get(name);
  if (!code) throw new PlatformError(41008);
  if (query.get('grant_type') !== 'authorization_code') throw new PlatformError(40002);
  if (query.get('appid') !== app.appId) throw new PlatformError(40013);
  if (query.get('secret') !== app.appSecret) throw new PlatformError(40125);
  return code;
}
