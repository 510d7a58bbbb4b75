import { chatOf } from '../wechat-users.ts';
import type { World } from '../world.ts';
import { readCustomMessage } from './custom-message-types.ts';
import { PlatformError } from './error.ts';
import { ok, readJson } from './route.ts';
import type { PlatformRoutes } from './route.ts';

/**
 * Customer-service messages of both apps. The access token decides which app sends.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage.html
 */
export function customMessageRoutes({ settings: { miniapp }, users, media }: World): PlatformRoutes {
  return {
    '/cgi-bin/message/custom/send': {
      method: 'POST',
      app: 'either',
      json: (call, app) => {
        const body = readJson(call);
        const user = users.byOpenId(app, body.touser);
        if (!user) throw new PlatformError(40003);
        const hasMedia = (type: string, mediaId: unknown) => media.has(app, type, mediaId);
        const message = readCustomMessage(body, { app, miniappId: miniapp.appId, hasMedia });
        const isOpen = app === 'miniapp' || user.follow !== null;
        const window = isOpen ? user.windows[app].take() : 'closed';
        if (window !== 'taken') throw new PlatformError(window === 'closed' ? 45015 : 45047);
        chatOf(app, user).push({ from: 'account', ...message });
        return ok;
      },
    },
  };
}
