import type { Answer } from '../http.ts';
import type { World } from '../world.ts';
import { readCodeExchange } from './credentials.ts';
import { PlatformError } from './error.ts';
import { ok } from './route.ts';
import type { PlatformRoutes } from './route.ts';

const browserPage: Answer = {
  status: 200,
  headers: { 'Content-Type': 'text/html; charset=utf-8' },
  body: '<!doctype html><html lang="zh-CN"><title>抱歉，出错了</title><link rel="icon" href="data:,"><h1>请在微信客户端打开链接</h1></html>',
};

/**
 * Web authorization. The page itself opens in WeChat only: the phone's action `open`.
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken.html
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsrefreshtoken.html
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsuserinfo.html
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsauth.html
 */
export function oauthRoutes({ settings: { official }, users, oauthCodes, userTokens }: World): PlatformRoutes {
  return {
    '/connect/oauth2/authorize': { raw: () => browserPage },
    '/sns/oauth2/access_token': {
      method: 'GET',
      json: (call) => {
        const consent = oauthCodes.redeem(readCodeExchange(call, official, 'code'));
        return {
          ...userTokens.issue(consent),
          ...(consent.snapshot && { is_snapshotuser: 1 }),
          // snsapi_base returns no unionid since 2017: w7corp/easywechat #198, littlecodersh/itchatmp #37.
          ...(consent.scope === 'snsapi_userinfo' && { unionid: users.unionIdIn('official', consent) }),
        };
      },
    },
    '/sns/oauth2/refresh_token': {
      method: 'GET',
      json: ({ query }) => {
        if (!query.get('appid')) throw new PlatformError(41002);
        const refreshToken = query.get('refresh_token');
        if (!refreshToken) throw new PlatformError(41003);
        if (query.get('grant_type') !== 'refresh_token') throw new PlatformError(40002);
        if (query.get('appid') !== official.appId) throw new PlatformError(40013);
        return userTokens.refresh(refreshToken);
      },
    },
    '/sns/userinfo': {
      method: 'GET',
      json: ({ query }) => {
        const consent = userTokens.check(query.get('access_token'), query.get('openid'));
        if (consent.scope === 'snsapi_base' || consent.snapshot) throw new PlatformError(48001);
        return {
          openid: consent.openId,
          nickname: consent.user.nickname,
          // Placeholders since 2021.
          sex: 0,
          province: '',
          city: '',
          country: '',
          headimgurl: consent.user.avatarUrl,
          privilege: [],
          unionid: users.unionIdIn('official', consent),
        };
      },
    },
    '/sns/auth': {
      method: 'GET',
      json: ({ query }) => {
        userTokens.check(query.get('access_token'), query.get('openid'));
        return ok;
      },
    },
  };
}
