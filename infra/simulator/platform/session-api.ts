import { sessionSignature } from '../open-data.ts';
import type { WechatUsers, WechatUser } from '../wechat-users.ts';
import type { World } from '../world.ts';
import { PlatformError } from './error.ts';
import { ok } from './route.ts';
import type { PlatformRoutes } from './route.ts';

/**
 * Sessions of the mini-program: check and reset of the session key.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_checksessionkey.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_resetusersessionkey.html
 */
export function sessionRoutes({ users }: World): PlatformRoutes {
  return {
    '/wxa/checksession': {
      method: 'GET',
      app: 'miniapp',
      json: ({ query }) => {
        findSession(users, query);
        return ok;
      },
    },
    '/wxa/resetusersessionkey': {
      method: 'GET',
      app: 'miniapp',
      json: ({ query }) => {
        const user = findSession(users, query);
        return { ...ok, openid: user.openIds.miniapp, session_key: users.renewSessionKey(user) };
      },
    },
  };
}

/** Returns the user whose current session key signed the call. */
function findSession(users: WechatUsers, query: URLSearchParams): WechatUser {
  const signature = query.get('signature');
  if (!query.get('openid') || !signature) throw new PlatformError(40097);
  if (query.get('sig_method') !== 'hmac_sha256') throw new PlatformError(87008);
  const user = users.byOpenId('miniapp', query.get('openid'));
  if (!user) throw new PlatformError(40003);
  if (!user.sessionKey) throw new PlatformError(87007);
  if (signature !== sessionSignature(user.sessionKey)) throw new PlatformError(87009);
  return user;
}
