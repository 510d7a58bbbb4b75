import type { Call } from '../http.ts';
import { createDailyQuota } from '../quota.ts';
import type { World } from '../world.ts';
import { PlatformError } from './error.ts';
import { hasRetiredField, readButtons, readMatchRule } from './menu-rules.ts';
import { ok, readJson } from './route.ts';
import type { PlatformRoutes } from './route.ts';

/**
 * The custom menu and the conditional menus of the official account.
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu.html
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_getmenu.html
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_deletemenu.html
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_addconditionalmenu.html
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_deleteconditionalmenu.html
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_trymatchmenu.html
 */
export function menuRoutes({ settings, clock, faults, users, account: { menus } }: World): PlatformRoutes {
  const linkedAppId = settings.miniapp.appId;
  const dailyLimit = (limit: number) => {
    const quota = createDailyQuota(limit);
    return () => {
      if (!quota('menu', clock.now())) throw new PlatformError(45009);
    };
  };
  const limitCreate = dailyLimit(1_000);
  const limitAdd = dailyLimit(2_000);
  const limitRemove = dailyLimit(2_000);
  const limitTry = dailyLimit(20_000);
  return {
    '/cgi-bin/menu/create': {
      method: 'POST',
      app: 'official',
      json: (call) => {
        limitCreate();
        menus.create(readButtons(readMenuBody(call), linkedAppId));
        return ok;
      },
    },
    '/cgi-bin/menu/get': {
      method: 'GET',
      app: 'official',
      json: () => {
        if (!menus.default) throw new PlatformError(46003);
        if (menus.conditional.length === 0) return { menu: { button: menus.default.button } };
        return { menu: menus.default, conditionalmenu: menus.conditional.map(withGroupId) };
      },
    },
    // The official method is GET.
    '/cgi-bin/menu/delete': {
      method: 'GET',
      app: 'official',
      json: () => {
        menus.deleteAll();
        return ok;
      },
    },
    '/cgi-bin/menu/addconditional': {
      method: 'POST',
      app: 'official',
      json: (call) => {
        limitAdd();
        const body = readMenuBody(call);
        if (!menus.default) throw new PlatformError(65303);
        const buttons = readButtons(body, linkedAppId);
        const rule = readMatchRule(body.matchrule);
        if (hasRetiredField(rule) && !faults.takeVariant('menu', 'retired-rule')) throw new PlatformError(65320);
        const menuid = menus.add(buttons, rule);
        if (menuid === undefined) throw new PlatformError(65316);
        return { menuid: faults.takeVariant('menu', 'menu-id-as-text') ? String(menuid) : menuid };
      },
    },
    '/cgi-bin/menu/delconditional': {
      method: 'POST',
      app: 'official',
      json: (call) => {
        limitRemove();
        if (!menus.remove(String(readJson(call).menuid))) throw new PlatformError(65301);
        return ok;
      },
    },
    '/cgi-bin/menu/trymatch': {
      method: 'POST',
      app: 'official',
      json: (call) => {
        limitTry();
        const { user_id: openId } = readJson(call);
        const user = users.byOpenId('official', openId);
        if (!menus.default) throw new PlatformError(65303);
        if (!user) throw new PlatformError(65302);
        if (!user.follow) throw new PlatformError(65315);
        return { button: menus.seenBy(user) };
      },
    },
  };
}

/**
 * Shows the tag of a rule under its older name, as WeChat does:
 * https://blog.csdn.net/QQ1752506968/article/details/91586716
 */
function withGroupId<Menu extends { matchrule: Record<string, string> }>({ matchrule, ...menu }: Menu): object {
  const { tag_id: tag, ...rule } = matchrule;
  return { ...menu, matchrule: { ...(tag !== undefined && { group_id: tag }), ...rule } };
}

function readMenuBody(call: Call): Record<string, unknown> {
  const body = readJson(call);
  if (hasEscapedNonAscii(call)) throw new PlatformError(40033);
  return body;
}

/** Whether the body writes a character beyond ASCII as a backslash-u escape; `\\u` is just a backslash and a u. */
function hasEscapedNonAscii({ body }: Call): boolean {
  const escapes = body.toString().matchAll(/\\(?:u([0-9a-f]{4})|.)/gi);
  return [...escapes].some(([, hex]) => hex !== undefined && Number.parseInt(hex, 16) > 0x7f);
}
