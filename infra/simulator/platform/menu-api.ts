import type { Call } from '../http.ts';
import type { World } from '../world.ts';
import { PlatformError } from './error.ts';
import { readMenu } from './menu-rules.ts';
import { ok, readJson } from './route.ts';
import type { PlatformRoutes } from './route.ts';

/**
 * The custom menu of the official account.
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu.html
 */
export function menuRoutes({ settings, account }: World): PlatformRoutes {
  return {
    '/cgi-bin/menu/create': {
      method: 'POST',
      app: 'official',
      json: (call) => {
        const body = readJson(call);
        if (hasEscapedNonAscii(call)) throw new PlatformError(40033);
        account.menu = readMenu(body, settings.miniapp.appId);
        return ok;
      },
    },
    '/cgi-bin/menu/get': {
      method: 'GET',
      app: 'official',
      json: () => {
        if (!account.menu) throw new PlatformError(46003);
        return { menu: { button: account.menu } };
      },
    },
    // The official method is GET.
    '/cgi-bin/menu/delete': {
      method: 'GET',
      app: 'official',
      json: () => {
        account.menu = null;
        return ok;
      },
    },
  };
}

/** Whether the body writes a character beyond ASCII as a backslash-u escape; `\\u` is just a backslash and a u. */
function hasEscapedNonAscii({ body }: Call): boolean {
  const escapes = body.toString().matchAll(/\\(?:u([0-9a-f]{4})|.)/gi);
  return [...escapes].some(([, hex]) => hex !== undefined && Number.parseInt(hex, 16) > 0x7f);
}
