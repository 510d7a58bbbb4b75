import type { Answer, Call } from '../http.ts';
import type { AppName } from '../wechat-users.ts';
import type { World } from '../world.ts';
import { contentCheckRoutes } from './content-check-api.ts';
import { customMessageRoutes } from './custom-message-api.ts';
import { PlatformError, errcodeAnswer } from './error.ts';
import { mediaRoutes } from './media-api.ts';
import { menuRoutes } from './menu-api.ts';
import { messageRoutes } from './message-api.ts';
import { miniProgramRoutes } from './mini-program-api.ts';
import { oauthRoutes } from './oauth-api.ts';
import { officialRoutes } from './official-api.ts';
import type { PlatformRoutes } from './route.ts';
import { sessionRoutes } from './session-api.ts';
import { shippingRoutes } from './shipping-api.ts';
import { tokenRoutes } from './token-api.ts';
import { virtualRoutes } from './virtual-api.ts';

/** Whether a path belongs to api., mp. or open.weixin.qq.com. */
export function isPlatformPath(path: string): boolean {
  return /^\/(cgi-bin|connect|sns|wxa|xpay|xpay-bills)\//.test(path);
}

/** The content type of the platform's JSON: text/plain for /sns, as on the real platform. */
function platformType(path: string): string {
  return path.startsWith('/sns/') ? 'text/plain' : 'application/json; encoding=utf-8';
}

/**
 * Renders JSON as the platform does: control characters inside a text are not escaped, which is invalid JSON.
 * lanrion/weixin_authorize #52, node-webot/co-wechat-api #63, chanxuehong/wechat #187, node-modules/urllib #77.
 */
function platformAnswer(value: object, type: string): Answer {
  const body = JSON.stringify(value).replaceAll(
    /\\(?:(["\\])|u00[01][0-9a-f]|[bfnrt])/g,
    (escape: string, kept?: string) => (kept ? escape : (JSON.parse(`"${escape}"`) as string)),
  );
  return { status: 200, headers: { 'Content-Type': type }, body };
}

/** Returns the app whose access token the call has; a call without a required token is a call of the mini-program. */
function authorize(
  { appTokens, settings: { miniapp, official } }: World,
  { query }: Call,
  required: AppName | 'either' | undefined,
): AppName {
  if (!required) return 'miniapp';
  const apps = { miniapp: [miniapp], official: [official], either: [miniapp, official] };
  return appTokens.check(query.get('access_token'), apps[required]) === miniapp ? 'miniapp' : 'official';
}

/** Builds the API of the hosts api., mp. and open.weixin.qq.com. */
export function createPlatformApi(world: World): (call: Call) => Promise<Answer> {
  const routes: PlatformRoutes = {
    ...tokenRoutes(world),
    ...miniProgramRoutes(world),
    ...officialRoutes(world),
    ...sessionRoutes(world),
    ...menuRoutes(world),
    ...messageRoutes(world),
    ...customMessageRoutes(world),
    ...mediaRoutes(world),
    ...contentCheckRoutes(world),
    ...shippingRoutes(world),
    ...virtualRoutes(world),
    ...oauthRoutes(world),
  };

  return async (call) => {
    const type = platformType(call.path);
    try {
      const route = Object.hasOwn(routes, call.path) ? routes[call.path] : undefined;
      if (!route) throw new PlatformError(40066);
      if (route.method === 'GET' && call.method !== 'GET') throw new PlatformError(43001);
      if (route.method === 'POST' && call.method !== 'POST') throw new PlatformError(43002);
      const app = authorize(world, call, route.app);
      return 'raw' in route ? await route.raw(call) : platformAnswer(await route.json(call, app), type);
    } catch (error) {
      if (error instanceof PlatformError) return errcodeAnswer(error.errcode, error.message, type);
      throw error;
    }
  };
}
